package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CollectedFileTest {
    @ParameterizedTest
    @CsvSource({
        "a.png,image/png",
        "A.PNG,image/png",
        "out/plot.svg,image/svg+xml",
        "a.txt,text/plain; charset=utf-8",
        "table.csv,text/csv; charset=utf-8",
        "page.html,text/html; charset=utf-8",
        "a.json,application/json",
        "a.pdf,application/pdf",
        "a.b.zip,application/zip",
        "a,application/octet-stream",
        "png,application/octet-stream",
        "a.,application/octet-stream",
        "a.nobody-knows,application/octet-stream",
        "a.txt/b,application/octet-stream"
    })
    void the_media_type_is_that_of_the_name(String path, String type) {
        assertThat(CollectedFile.of(path, 0).mediaType()).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "a.txt,a.txt",
                "a/b/c-d_e~.x,a/b/c-d_e~.x",
                "a b+c&d=e?f#g%h;i,a%20b%2Bc%26d%3De%3Ff%23g%25h%3Bi",
                "ä😀,%C3%A4%F0%9F%98%80",
                "<x>'\\,%3Cx%3E%27%5C",
                "\"a\nb\",a%0Ab"
            })
    void the_url_has_each_step_percent_encoded(String path, String encoded) {
        JobId id = JobId.random(3);
        assertThat(CollectedFile.of(path, 0).url(id)).isEqualTo("/v1/jobs/" + id + "/files/" + encoded);
    }

    @Test
    void a_path_out_of_the_folder_is_none() {
        assertThatThrownBy(() -> CollectedFile.of("../a", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CollectedFile.of("/a", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CollectedFile.of("a", -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
