package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Idempotency;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobInput.Sender;
import dev.onpyrunner.job.JobInput.Signal;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Owner;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.job.TraceContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the HTTP interface does, for verticles: requests and replies over the event bus. Who is on the bus is trusted as the
 * operator is. {@code docs/events.md} is the contract.
 */
final class BusService {
    static final String ADDRESS = "onpyrunner.jobs";
    private static final Logger LOG = LoggerFactory.getLogger(BusService.class);
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9._:@-]{1,100}");

    private final Vertx vertx;
    private final HttpSettings settings;
    private final JobStore store;
    private final JobBus bus;
    private final BooleanSupplier ready;

    BusService(Vertx vertx, HttpSettings settings, JobStore store, JobBus bus, BooleanSupplier ready) {
        this.vertx = vertx;
        this.settings = settings;
        this.store = store;
        this.bus = bus;
        this.ready = ready;
    }

    /** Answers from now on, until the verticle that calls this is undeployed. */
    Future<Void> listen() {
        return vertx.eventBus().consumer(ADDRESS, this::asked).completion();
    }

    private void asked(Message<Object> message) {
        Future<JsonObject> reply;
        try {
            reply = reply(message.body());
        } catch (Problem.Thrown | Refusal e) {
            reply = Future.failedFuture(e);
        } catch (ClassCastException | IllegalArgumentException e) {
            reply = bad("A field has the wrong type or value.");
        }
        reply.onSuccess(message::reply).onFailure(e -> {
            Problem problem = Problems.known(e);
            if (problem == null) {
                LOG.error("a request of the event bus failed", e);
                problem = Problem.of(Kind.INTERNAL, "The server made a mistake. Try again.");
            }
            message.fail(problem.kind().status(), problem.toJson(ADDRESS).encode());
        });
    }

    private Future<JsonObject> reply(Object body) {
        if (!(body instanceof JsonObject request)) {
            return bad("Send a JsonObject.");
        }
        String op = request.getString("op", "");
        return switch (op) {
            case "submit" -> submit(request);
            case "get" -> job(id(request));
            case "cancel" -> {
                JobId id = id(request);
                yield store.cancel(id).onSuccess(c -> bus.cancelled(id, c)).compose(c -> job(id));
            }
            case "stdin" -> stdin(request);
            case "eof" -> give(request, JobInput.end());
            case "signal" -> give(request, JobInput.of(Signal.valueOf(request.getString("signal", ""))));
            default -> bad("op must be submit, get, cancel, stdin, eof or signal.");
        };
    }

    private Future<JsonObject> submit(JsonObject request) {
        Problem.refuseUnless(ready);
        String name = request.getString("owner");
        if (name != null && !OWNER.matcher(name).matches()) {
            return bad("owner must be 1 to 100 of A-Z, a-z, 0-9 and . _ : @ -");
        }
        Owner owner = new Owner(name == null ? "bus" : "bus:" + name);
        Buffer body = request.getJsonObject("job", new JsonObject()).toBuffer();
        if (body.length() > settings.caps().bodyBytes()) {
            throw new Problem.Thrown(Problem.of(Kind.TOO_LARGE, "The job is larger than this server takes."));
        }
        JobSpec spec = JobReader.json(body, settings);
        Optional<Idempotency> idempotency = JobRoutes.idempotencyKey(request.getString("idempotency_key"))
                .map(key -> Idempotency.of(owner, key, spec));
        Optional<TraceContext> trace = TraceContext.of(request.getString(TraceContext.HEADER));
        return store.accept(owner, store.settings().share(), spec, idempotency, "", trace)
                .compose(a -> a.replayed() ? job(a.id()) : json(a.job()));
    }

    private Future<JsonObject> stdin(JsonObject request) {
        return give(
                request,
                JobInput.of(
                        request.containsKey("b64")
                                ? Buffer.buffer(Base64.getDecoder().decode(request.getString("b64")))
                                : Buffer.buffer(request.getString("d", ""))));
    }

    private Future<JsonObject> give(JsonObject request, JobInput input) {
        JobId id = id(request);
        String from = request.getString("from", "");
        Sender sender = from.isEmpty() ? Sender.NOBODY : new Sender(from, request.getLong("n", 0L));
        return store.input(id, sender, List.of(input)).map(isNew -> {
            if (isNew) {
                bus.input(id);
            }
            return new JsonObject();
        });
    }

    private static JobId id(JsonObject request) {
        String text = request.getString("id", "");
        if (!JobId.isWellFormed(text)) {
            throw new Refusal.NoSuchJob();
        }
        return new JobId(text);
    }

    private Future<JsonObject> job(JobId id) {
        return store.find(id).compose(this::json);
    }

    private Future<JsonObject> json(Job job) {
        return store.output(job).map(job::toJson);
    }

    private static <T> Future<T> bad(String detail) {
        return Future.failedFuture(new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, detail)));
    }
}
