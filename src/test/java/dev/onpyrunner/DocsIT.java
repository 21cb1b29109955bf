package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The pages in docs/: they can be found, their links lead somewhere, and what they show is what one gets. */
@ExtendWith(TestNode.class)
@Timeout(60)
class DocsIT {
    private static final Path README = Path.of("README.md");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern BLOCK = Pattern.compile("^```[a-z]*\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

    /** What a page links to in this checkout. */
    private static Set<Path> links(Path page) throws IOException {
        Set<Path> targets = new TreeSet<>();
        Matcher link = LINK.matcher(Files.readString(page));
        while (link.find()) {
            String target = link.group(1).split("#", 2)[0];
            if (!target.isEmpty() && !target.matches("[a-z]+:.*")) {
                Path folder = page.getParent() == null ? Path.of("") : page.getParent();
                targets.add(folder.resolve(target).normalize());
            }
        }
        return targets;
    }

    private static List<String> blocks(String page) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(Files.readString(Path.of("docs", page)));
        while (block.find()) {
            blocks.add(block.group(1).strip());
        }
        return blocks;
    }

    private static String block(String page, String part) throws IOException {
        List<String> found = blocks(page).stream().filter(b -> b.contains(part)).toList();
        assertThat(found).as(page + " shows " + part).hasSize(1);
        return found.get(0);
    }

    @Test
    void each_page_is_two_clicks_from_the_readme_at_most_and_no_link_is_broken() throws IOException {
        Set<Path> near = new HashSet<>(links(README));
        for (Path page : Set.copyOf(near)) {
            if (page.toString().endsWith(".md")) {
                near.addAll(links(page));
            }
        }
        try (var files = Files.list(Path.of("docs"))) {
            List<Path> pages =
                    files.filter(f -> f.toString().endsWith(".md")).sorted().toList();
            assertThat(pages).hasSizeGreaterThan(20);
            assertThat(near).containsAll(pages);
            for (Path page : pages) {
                assertThat(links(page)).as(page.toString()).allMatch(Files::exists);
            }
        }
        assertThat(links(README)).allMatch(Files::exists);
    }

    /** All that is shown is so; more may be there than is shown. */
    private static void assertShown(JsonNode shown, JsonNode got, String at) {
        shown.properties().forEach(e -> {
            JsonNode value = got.get(e.getKey());
            if (e.getValue().isObject() && !e.getKey().equals("links")) {
                assertShown(e.getValue(), value, at + "/" + e.getKey());
            } else if (e.getValue().isArray()) {
                assertThat(value).as(at + "/" + e.getKey()).hasSize(e.getValue().size());
                for (int i = 0; i < value.size(); i++) {
                    assertShown(e.getValue().get(i), value.get(i), at + "/" + e.getKey() + "/" + i);
                }
            } else if (!Set.of("id", "links").contains(e.getKey())) {
                assertThat(value).as(at + "/" + e.getKey()).isEqualTo(e.getValue());
            }
        });
    }

    @Test
    void the_batch_of_its_page_gives_the_answer_below_it(TestNode node) throws Exception {
        Matcher command = Pattern.compile(
                        "curl 'localhost:8080(/v1/batches\\?wait=10)' -H 'Content-Type: application/json' -d '(.*)'",
                        Pattern.DOTALL)
                .matcher(block("batches.md", "curl"));
        assertThat(command.matches()).isTrue();
        HttpResponse<String> answer = node.send(node.request(command.group(1))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(command.group(2))));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertShown(
                TestNode.JSON.readTree(block("batches.md", "\"counts\"")), TestNode.JSON.readTree(answer.body()), "");
    }

    @Test
    void the_commands_of_the_page_about_keys_give_what_it_shows(TestNode node) throws Exception {
        List<String> keys = blocks("keys.md").stream()
                .filter(b -> b.startsWith("./onpyrunner keys "))
                .toList();
        assertThat(keys).hasSize(2);
        String key = "";
        for (String command : keys) {
            String said = ApiKeysIT.keys(
                    node, 0, command.substring("./onpyrunner keys ".length()).split(" ", -1));
            key = said.startsWith("onpy_") ? said : key;
        }
        Matcher curl = Pattern.compile("curl -H \"Authorization: Bearer \\$ONPY_API_KEY\" --data-binary @(\\S+)"
                        + " -H 'Content-Type: (\\S+)' 'localhost:8080(\\S+)'")
                .matcher(block("keys.md", "curl"));
        assertThat(curl.matches()).isTrue();
        String bearer = "Bearer " + key;
        try {
            // A node may know its keys for a second before it asks again, and then what this one may.
            Await.until("the key and what it may are known", () -> {
                HttpResponse<String> limits =
                        node.send(node.request("/v1/limits").header("Authorization", bearer));
                return limits.statusCode() == 200
                        && TestNode.JSON
                                        .readTree(limits.body())
                                        .at("/maximum/wall_ms")
                                        .asInt()
                                == 5_000;
            });
            HttpResponse<String> done = node.send(node.request(curl.group(3))
                    .header("Authorization", bearer)
                    .header("Content-Type", curl.group(2))
                    .POST(BodyPublishers.ofFile(Path.of(curl.group(1)))));
            assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
            for (String header : block("keys.md", "RateLimit-Policy").split("\n", -1)) {
                String[] parts = header.split(": ", 2);
                assertThat(done.headers().firstValue(parts[0])).as(header).hasValue(parts[1]);
            }
        } finally {
            ApiKeysIT.keys(node, 0, "remove", "ann");
        }
    }
}
