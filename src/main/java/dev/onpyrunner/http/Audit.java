package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.JobId;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has asked for what and got it or not, a line of JSON each, for the operator's file: requests that change something, consoles,
 * and those that were refused for who sent them. No program, no secret, and of a job's id only its beginning, since all of it is
 * the right to read the job.
 */
final class Audit {
    private static final Logger LOG = LoggerFactory.getLogger("audit");
    private static final String JOB = Audit.class.getName();
    private static final Pattern ID = Pattern.compile("([0-9]{1,4}-[0-9a-z]{8})[0-9a-z]{18}");
    private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final Set<Integer> TELLING = Set.of(101, 401, 403);
    private static final int LONGEST = 200;

    private final List<Network> trustedProxies;
    private final Operator operator;

    private Audit(List<Network> trustedProxies, Operator operator) {
        this.trustedProxies = trustedProxies;
        this.operator = operator;
    }

    /** Sees every request from here on, if anybody wants to know. */
    static void mount(Router router, HttpSettings settings, Operator operator) {
        if (LOG.isInfoEnabled()) {
            Audit audit = new Audit(settings.trustedProxies(), operator);
            router.route().handler(ctx -> {
                ctx.addEndHandler(r -> audit.write(ctx));
                ctx.next();
            });
        }
    }

    /** Notes the job that a request became; of several, the first. */
    static void job(RoutingContext ctx, JobId id) {
        if (ctx.get(JOB) == null) {
            ctx.put(JOB, id.brief());
        }
    }

    private void write(RoutingContext ctx) {
        int status = ctx.response().getStatusCode();
        if (READING.contains(ctx.request().method()) && !TELLING.contains(status)) {
            return;
        }
        ApiKey key = KeyGate.of(ctx);
        String path = ID.matcher(ctx.request().path()).replaceAll("$1");
        JsonObject line = new JsonObject()
                .put("at", Instant.now().toString())
                .put("client", Client.of(ctx, trustedProxies).name());
        if (key != null) {
            line.put("key", key.name());
        }
        if (operator.sent(ctx)) {
            line.put("operator", true);
        }
        line.put("method", ctx.request().method().name())
                .put("path", path.length() > LONGEST ? path.substring(0, LONGEST) : path)
                .put("status", status);
        String job = ctx.get(JOB);
        if (job != null) {
            line.put("job", job);
        }
        line.put("request", ctx.response().headers().get(Problems.REQUEST_ID));
        LOG.info("{}", line.encode());
    }
}
