package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import java.net.URI;
import org.junit.jupiter.api.Test;

/** The page that shows the contract. That it asks nobody else and keeps to its policy is seen when its window is closed. */
class DocsPageIT extends BrowserTest {
    DocsPageIT(TestNode node) {
        super(node);
    }

    @Test
    void every_call_is_shown_and_can_be_tried() {
        ConsolePage page = open("/");
        page.page().locator("nav a").getByText("API").click();
        assertThat(page.page()).hasTitle("API – OnPyRunner");
        Locator post = page.page().locator("#operations-jobs-createJob");
        assertThat(post).containsText("POST");
        post.locator(".opblock-summary-control").click();
        assertThat(post.locator(".opblock-body")).containsText("Idempotency-Key");
        Locator queue = page.page().locator("#operations-node-getQueue");
        queue.locator(".opblock-summary-control").click();
        queue.getByText("Try it out").click();
        queue.locator("button.execute").click();
        assertThat(queue.locator(".live-responses-table .response-col_status").last())
                .containsText("200");
        assertThat(queue.locator(".live-responses-table")).containsText("estimated_wait_ms");
        assertThat(page.requests()).extracting(url -> URI.create(url).getPath()).contains("/openapi.yaml", "/v1/queue");
    }
}
