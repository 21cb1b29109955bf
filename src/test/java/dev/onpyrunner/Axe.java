package dev.onpyrunner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** What axe-core finds on a page against WCAG 2.2 AA and its own good practice. */
final class Axe {
    private static final String FIND = """
            async () => {
              const { violations, passes } = await axe.run(document, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
              });
              const found = violations.flatMap((rule) =>
                rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.html.slice(0, 120)} ${node.failureSummary}`));
              return { found, rules: passes.length };
            }
            """;

    private static final String AXE;

    static {
        try (InputStream script = Axe.class.getResourceAsStream("/axe.min.js")) {
            AXE = new String(script.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Axe() {}

    /** What it finds now, after the state that it is found in. */
    static List<String> find(ConsolePage page, String state) {
        page.page().evaluate(AXE);
        @SuppressWarnings("unchecked")
        var result = (Map<String, Object>) page.page().evaluate(FIND);
        assertThat((Integer) result.get("rules")).as("rules that were kept").isGreaterThan(20);
        return ((List<?>) result.get("found"))
                .stream().map(each -> state + ": " + each).toList();
    }
}
