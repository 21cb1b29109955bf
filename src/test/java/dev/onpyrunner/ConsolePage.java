package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.assertj.core.api.Assertions;

/**
 * The web console in a browser window of its own, a context without anything stored: what a user sees and does there. It also notes
 * whatever the page does that it never should.
 */
final class ConsolePage implements AutoCloseable {
    /** What Chromium itself writes to its console when an answer is an error or does not come; never the page's doing. */
    private static final Pattern NETWORK = Pattern.compile("^(Failed to load resource: |WebSocket connection to )");

    /** What Chromium writes when it refuses to load or run something; and this class. */
    private static final Pattern REFUSAL =
            Pattern.compile("Content Security Policy|^policy violated: |^Blocked script execution in 'about:srcdoc'");

    private final BrowserContext context;
    private final Page page;
    private final List<String> complaints = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private boolean networkTrouble;
    private boolean refusals;

    private ConsolePage(BrowserContext context, String origin) {
        this.context = context;
        this.page = context.newPage();
        context.setDefaultTimeout(20_000);
        page.addInitScript("addEventListener('securitypolicyviolation', (e) =>"
                + " console.error(`policy violated: ${e.violatedDirective} ${e.blockedURI}`));");
        page.onConsoleMessage(message -> {
            if (message.type().equals("error")
                    && !(refusals && REFUSAL.matcher(message.text()).find())
                    && !(networkTrouble && NETWORK.matcher(message.text()).find())) {
                complaints.add(message.text());
            }
        });
        page.onPageError(error -> complaints.add("uncaught: " + error));
        page.onDialog(dialog -> {
            complaints.add("dialog: " + dialog.message());
            dialog.dismiss();
        });
        page.onRequest(request -> note(request.url(), origin));
        page.onWebSocket(socket -> note(socket.url(), origin));
    }

    private void note(String url, String origin) {
        requests.add(url);
        String authority = URI.create(origin).getAuthority();
        if (!refusals
                && !url.startsWith("data:")
                && !authority.equals(URI.create(url).getAuthority())) {
            complaints.add("request to elsewhere: " + url);
        }
    }

    /** Opens an address in a new window. */
    static ConsolePage open(Browser browser, String url, Browser.NewContextOptions options) {
        ConsolePage opened = new ConsolePage(
                browser.newContext(options), URI.create(url).resolve("/").toString());
        opened.page.navigate(url);
        return opened;
    }

    Page page() {
        return page;
    }

    BrowserContext context() {
        return context;
    }

    /** What the page asked of the network so far, addresses only. */
    List<String> requests() {
        return requests;
    }

    /** Refused requests and lost connections are part of this test. */
    ConsolePage withNetworkTrouble() {
        networkTrouble = true;
        return this;
    }

    /**
     * A stranger's content that is refused something is part of this test. Chromium tells of a request that its policy refuses as of any
     * other, so that the test has to see for itself that none arrives.
     */
    ConsolePage withRefusals() {
        refusals = true;
        return this;
    }

    Locator editor() {
        return page.locator("#editor .cm-content");
    }

    Locator input() {
        return page.locator("#input");
    }

    Locator run() {
        return page.locator("#run");
    }

    Locator stop() {
        return page.locator("#stop");
    }

    Locator state() {
        return page.locator("#state");
    }

    Locator title() {
        return page.locator("#state-title");
    }

    Locator output() {
        return page.locator("#output");
    }

    /** The files that the job hands back, one item each. */
    Locator files() {
        return page.locator("#files li");
    }

    Locator problem() {
        return page.locator("#problem");
    }

    Locator connection() {
        return page.locator("#connection");
    }

    /** Replaces the program in the editor. */
    void write(String program) {
        editor().click();
        page.keyboard().press("ControlOrMeta+A");
        page.keyboard().insertText(program);
    }

    void writeAndRun(String program) {
        write(program);
        run().click();
    }

    /** The program in the editor. */
    String program() {
        return String.join("\n", page.locator("#editor .cm-line").allTextContents());
    }

    String jobId() {
        return URI.create(page.url()).getFragment();
    }

    void awaitStatus(String status) {
        assertThat(state()).hasAttribute("data-status", status);
    }

    /** Waits for a moment at which the output has this text and the program is still running. */
    void awaitWhileRunning(String text) {
        page.locator("#result:has(#state[data-status=RUNNING]) #output")
                .filter(new Locator.FilterOptions().setHasText(text))
                .waitFor();
    }

    /** Waits until the program waits for input, having printed this. */
    void awaitWaiting(String printed) {
        page.locator("#result.waits #output")
                .filter(new Locator.FilterOptions().setHasText(printed))
                .waitFor();
    }

    /** Types into the terminal; {@code \n} is Enter and {@code \b} Backspace. */
    void type(String text) {
        page.locator(".xterm-helper-textarea").focus();
        text.chars().forEach(c -> {
            if (c == '\b') {
                page.keyboard().press("Backspace");
            } else {
                page.keyboard().type(Character.toString(c));
            }
        });
    }

    /** Waits until the output is exactly this text. */
    void awaitOutput(String text) {
        assertThat(output()).hasJSProperty("textContent", text);
    }

    /** Closes the window; fails if the page did what it never should. */
    @Override
    public void close() {
        context.close();
        Assertions.assertThat(complaints)
                .as("errors, violations, dialogs and foreign requests")
                .isEmpty();
    }
}
