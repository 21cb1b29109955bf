package dev.onpyrunner;

import com.microsoft.playwright.Browser;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What tests of the web console share: a real Chromium and a real node. After each test, every window that it opened must have kept to
 * its origin and its content policy and have written no error to its console ({@link ConsolePage#close}).
 */
@ExtendWith(TestNode.class)
@Timeout(60)
abstract class BrowserTest {
    private static Chromium chromium;

    /** Closed after the test, the last first. */
    protected final List<AutoCloseable> opened = new ArrayList<>();

    protected final TestNode node;

    BrowserTest(TestNode node) {
        this.node = node;
    }

    @BeforeAll
    static void start_chromium() {
        chromium = new Chromium();
    }

    @AfterAll
    static void stop_chromium() {
        chromium.close();
    }

    @AfterEach
    void close_windows() throws Exception {
        Collections.reverse(opened);
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    protected ConsolePage open(String path) {
        return open(path, new Browser.NewContextOptions());
    }

    protected ConsolePage open(String path, Browser.NewContextOptions options) {
        return openAt(node.uri(path).toString(), options);
    }

    protected ConsolePage openAt(String url, Browser.NewContextOptions options) {
        ConsolePage page = ConsolePage.open(chromium.browser(), url, options);
        opened.add(page);
        return page;
    }

    /** A phone of today, the narrow kind. */
    protected static Browser.NewContextOptions phone() {
        return new Browser.NewContextOptions()
                .setViewportSize(360, 740)
                .setHasTouch(true)
                .setIsMobile(true);
    }
}
