package dev.onpyrunner.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobInput.Sender;
import dev.onpyrunner.job.JobInput.Signal;
import dev.onpyrunner.job.JobStore;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@code /v1/jobs/{id}/stdin} and {@code /signal}: what is sent to a program while it runs. */
final class InputRoutes {
    private static final ObjectMapper JSON = new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    private static final int MAX_SIGNAL_BODY = 1_024;

    private final HttpSettings settings;
    private final JobStore store;
    private final JobBus bus;

    InputRoutes(HttpSettings settings, JobStore store, JobBus bus) {
        this.bus = bus;
        this.settings = settings;
        this.store = store;
    }

    void mount(Router router) {
        router.post("/v1/jobs/:id/stdin").handler(InputRoutes::asBytes);
        router.post("/v1/jobs/:id/stdin")
                .handler(BodyHandler.create(false).setBodyLimit(settings.caps().stdinBytes()))
                .handler(this::stdin);
        router.post("/v1/jobs/:id/signal").handler(InputRoutes::asBytes);
        router.post("/v1/jobs/:id/signal")
                .handler(BodyHandler.create(false).setBodyLimit(MAX_SIGNAL_BODY))
                .handler(this::signal);
    }

    /** Whatever it is called: curl says of every body that it is a form, and a form would be taken apart. */
    private static void asBytes(RoutingContext ctx) {
        ctx.request().headers().set(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
        ctx.next();
    }

    private void stdin(RoutingContext ctx) {
        Buffer body = ctx.body().buffer() == null ? Buffer.buffer() : ctx.body().buffer();
        List<JobInput> inputs = new ArrayList<>();
        if (body.length() > 0) {
            inputs.add(JobInput.of(body));
        }
        if (JobRoutes.flag(ctx, "eof")) {
            inputs.add(JobInput.end());
        }
        if (inputs.isEmpty()) {
            throw new Problem.Thrown(
                    Problem.of(Kind.BAD_REQUEST, "Send the input as the body, or end it with ?eof=true."));
        }
        send(ctx, inputs);
    }

    private void signal(RoutingContext ctx) {
        JsonNode name;
        try {
            JsonNode root = JSON.readTree(
                    ctx.body().buffer() == null
                            ? new byte[0]
                            : ctx.body().buffer().getBytes());
            name = root != null && root.isObject() && root.size() == 1 ? root.get("signal") : null;
        } catch (JsonProcessingException e) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "The body is not JSON."));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Signal signal = Stream.of(Signal.values())
                .filter(s ->
                        name != null && name.isTextual() && name.textValue().equals(s.name()))
                .findFirst()
                .orElseThrow(() -> new Problem.Thrown(Problem.of(
                        Kind.BAD_REQUEST,
                        "The body must be {\"signal\": NAME}, where NAME is \"INT\", \"TERM\" or \"KILL\".")));
        send(ctx, List.of(JobInput.of(signal)));
    }

    private void send(RoutingContext ctx, List<JobInput> inputs) {
        JobId id = JobRoutes.id(ctx);
        Sender sender = JobRoutes.idempotencyKey(ctx)
                .map(key -> new Sender("key:" + JobRoutes.hash(Buffer.buffer(key)), 1))
                .orElse(Sender.NOBODY);
        store.input(id, sender, inputs)
                .compose(isNew -> {
                    if (isNew) {
                        bus.input(id);
                    } else if (sender.number() > 0) {
                        ctx.response().putHeader("Idempotency-Replayed", "true");
                    }
                    return ctx.response().setStatusCode(204).end();
                })
                .onFailure(ctx::fail);
    }
}
