package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSpecTest {
    private static final Buffer BINARY = Buffer.buffer(new byte[] {0, (byte) 0xff, (byte) 0xc3, 0x28, 10});

    private static JobSpec spec(Buffer stdin, JobFile... files) {
        Map<String, String> env = new LinkedHashMap<>();
        env.put("Z", "1");
        env.put("A", "ü\n\"\\");
        return new JobSpec(
                List.of(files),
                "main.py",
                stdin,
                true,
                List.of("", "-x", "😀"),
                env,
                "python3",
                TestStore.LIMITS,
                List.of("*.png", "out/**"),
                7,
                3_600,
                2,
                Optional.of(new Expect(BINARY, Expect.Compare.NUMBERS, 0.25)));
    }

    private static JobFile file(String path, Buffer content) {
        return new JobFile(path, content);
    }

    private static JobSpec viaJson(JobSpec spec) {
        return JobSpec.fromJson(spec.toJson().toBuffer().toJsonObject());
    }

    @Test
    void comes_back_from_json_as_it_was() {
        JobSpec text = spec(Buffer.buffer("in\r\n\0"), file("main.py", Buffer.buffer("print('ä')")));
        assertThat(viaJson(text)).isEqualTo(text);
        JobSpec empty = spec(Buffer.buffer(), file("main.py", Buffer.buffer()));
        assertThat(viaJson(empty)).isEqualTo(empty);
        JobSpec binary = spec(BINARY, file("main.py", Buffer.buffer("x")), file("a/b", BINARY));
        assertThat(viaJson(binary)).isEqualTo(binary);
        assertThat(viaJson(binary).env().keySet()).containsExactly("Z", "A");
    }

    @Test
    void stored_before_files_were_handed_back_collects_none() {
        JobSpec spec = spec(Buffer.buffer(), file("main.py", Buffer.buffer()));
        JsonObject json = spec.toJson();
        assertThat(json.getJsonArray("collect").encode()).isEqualTo("[\"*.png\",\"out/**\"]");
        json.remove("collect");
        assertThat(JobSpec.fromJson(json).collect()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/etc/passwd", "../x", "a\0b"})
    void refuses_a_pattern_that_makes_no_sense(String pattern) {
        JsonObject json =
                spec(Buffer.buffer(), file("main.py", Buffer.buffer())).toJson();
        json.put("collect", new JsonArray().add(pattern));
        assertThatThrownBy(() -> JobSpec.fromJson(json)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shows_text_as_text_and_bytes_as_base64() {
        JsonObject json = spec(BINARY, file("main.py", Buffer.buffer("ä")), file("b", BINARY))
                .toJson();
        assertThat(json.containsKey("stdin")).isFalse();
        assertThat(json.getString("stdin_base64")).isEqualTo("AP/DKAo=");
        assertThat(json.getJsonArray("files").getJsonObject(0).getString("content"))
                .isEqualTo("ä");
        assertThat(json.getJsonArray("files").getJsonObject(1).containsKey("content"))
                .isFalse();
    }

    @Test
    void takes_a_real_replacement_character_for_the_text_it_is() {
        JobSpec spec = spec(Buffer.buffer("\ufffd\ufeff"), file("main.py", Buffer.buffer()));
        assertThat(spec.toJson().getString("stdin")).isEqualTo("\ufffd\ufeff");
        assertThat(viaJson(spec)).isEqualTo(spec);
    }

    @Test
    void does_not_change_with_what_it_was_made_of() {
        List<String> args = new ArrayList<>(List.of("a"));
        List<String> collect = new ArrayList<>(List.of("*"));
        Map<String, String> env = new LinkedHashMap<>();
        JobSpec spec = new JobSpec(
                List.of(file("main.py", Buffer.buffer())),
                "main.py",
                Buffer.buffer(),
                false,
                args,
                env,
                "python3",
                TestStore.LIMITS,
                collect,
                0,
                1,
                1,
                Optional.empty());
        args.add("b");
        collect.add("b");
        env.put("c", "d");
        assertThat(spec.args()).containsExactly("a");
        assertThat(spec.collect()).containsExactly("*");
        assertThat(spec.env()).isEmpty();
        assertThatThrownBy(() -> spec.env().put("x", "y")).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @CsvSource({"other.py,4,60,2", "main.py,-1,60,2", "main.py,8,60,2", "main.py,4,0,2", "main.py,4,60,0"})
    void refuses_what_makes_no_sense(String entry, int priority, long retentionS, int maxStarts) {
        assertThatThrownBy(() -> new JobSpec(
                        List.of(file("main.py", Buffer.buffer())),
                        entry,
                        Buffer.buffer(),
                        List.of(),
                        Map.of(),
                        "python3",
                        TestStore.LIMITS,
                        priority,
                        retentionS,
                        maxStarts))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void of_the_same_request_has_the_same_fingerprint_and_of_another_another() {
        JobSpec spec = spec(BINARY, file("main.py", Buffer.buffer("x")));
        Owner owner = new Owner("a");
        assertThat(Idempotency.of(owner, "k", spec)).isEqualTo(Idempotency.of(owner, "k", viaJson(spec)));
        JobSpec other = spec(Buffer.buffer(), file("main.py", Buffer.buffer("x")));
        assertThat(Idempotency.of(owner, "k", other).key())
                .isEqualTo(Idempotency.of(owner, "k", spec).key());
        assertThat(Idempotency.of(owner, "k", other).fingerprint())
                .isNotEqualTo(Idempotency.of(owner, "k", spec).fingerprint());
        assertThat(Idempotency.of(new Owner("b"), "k", spec).key())
                .isNotEqualTo(Idempotency.of(owner, "k", spec).key());
    }
}
