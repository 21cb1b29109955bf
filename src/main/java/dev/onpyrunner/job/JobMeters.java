package dev.onpyrunner.job;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What this node has done with jobs, counted and timed, and the queue's figures, as Prometheus reads them. Any thread
 * may call it.
 */
public final class JobMeters {
    /** A part of a job's life, timed from its beginning to its end. */
    public enum Stage {
        /** From the request's last byte to the job in its queue. */
        RECEIVED,
        /** From the queue to a runner's claim. */
        QUEUED,
        /** From the claim to the program's start. */
        CLAIMED,
        /** The program. */
        RUN,
        /** From the program's end to the stored result. */
        ENDED
    }

    /** What has become of one try to tell a job's end to the operator's webhook. */
    public enum Told {
        SENT,
        FAILED,
        GIVEN_UP
    }

    /** Of what {@link #text} gives. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<Stage, Timer> stages = new EnumMap<>(Stage.class);
    private final Counter accepted;
    private final Counter replayed;
    private final Counter startedFirst;
    private final Counter startedAgain;
    private final Counter fenced;
    private final Counter givenBack;
    private final Counter fedByBus;
    private final Counter fedByLog;
    private volatile QueueFigures queue;

    public JobMeters() {
        gauge("depth", "Jobs that wait, in the whole cluster", QueueFigures::depth);
        gauge("oldest.seconds", "How long the first of them has waited", q -> q.oldestMs() / 1000.0);
        gauge("bytes", "Bytes of the requests that wait", QueueFigures::queuedBytes);
        gauge("running", "Jobs that run, in the whole cluster", QueueFigures::running);
        gauge("slots", "Slots of all nodes", QueueFigures::slots);
        gauge("full", "1 while Redis is too full to accept jobs", q -> q.full() ? 1 : 0);
        for (Stage stage : Stage.values()) {
            stages.put(stage, timer(stage));
        }
        accepted = counter("accepted", "replayed", "false");
        replayed = counter("accepted", "replayed", "true");
        startedFirst = counter("started", "again", "false");
        startedAgain = counter("started", "again", "true");
        fenced = counter("fenced");
        givenBack = counter("given_back");
        fedByBus = fed("bus");
        fedByLog = fed("log");
        // From the start on, at 0: an increase from nothing to 1 is none to Prometheus, and the first one matters.
        for (Class<?> refusal : Refusal.class.getPermittedSubclasses()) {
            counter("refused", "why", refusal.getSimpleName());
        }
        for (JobStore.Reaped.What what : JobStore.Reaped.What.values()) {
            counter("reaped", "what", what.name());
        }
        for (Outcome outcome : Outcome.values()) {
            endings(JobStatus.DONE, outcome.name());
        }
        for (Result.Code code : Result.Code.values()) {
            endings(JobStatus.ERROR, code.name());
        }
        endings(JobStatus.CANCELLED, JobStatus.CANCELLED.name());
        for (Told told : Told.values()) {
            posts(told);
        }
    }

    private Counter endings(JobStatus status, String as) {
        return counter("ended", "status", status.name(), "outcome", as);
    }

    private Counter posts(Told what) {
        return registry.counter(
                "onpyrunner.webhook.posts", "result", what.name().toLowerCase(Locale.ROOT));
    }

    private Counter counter(String what, String... tags) {
        return registry.counter("onpyrunner.jobs." + what, tags);
    }

    private Counter fed(String by) {
        return Counter.builder("onpyrunner.feed.batches")
                .description("Batches of events given to live viewers, as the bus brought them or read from the log")
                .tag("by", by)
                .register(registry);
    }

    private void gauge(String name, String description, ToDoubleFunction<QueueFigures> value) {
        Gauge.builder("onpyrunner.queue." + name, () -> {
                    QueueFigures now = queue;
                    return now == null ? Double.NaN : value.applyAsDouble(now);
                })
                .description(description)
                .register(registry);
    }

    /**
     * All meters as Prometheus reads them.
     *
     * @param now the queue as it is now; null when that is not known
     */
    public String text(QueueFigures now) {
        queue = now;
        return registry.scrape();
    }

    private Timer timer(Stage stage) {
        return Timer.builder("onpyrunner.job.stage")
                .description("How long jobs stay in each stage of their life")
                .tag("stage", stage.name().toLowerCase(Locale.ROOT))
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(3),
                        Duration.ofMillis(10),
                        Duration.ofMillis(30),
                        Duration.ofMillis(100),
                        Duration.ofMillis(300),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(60))
                .register(registry);
    }

    /** Notes how long a job has been in a stage, in nanoseconds. */
    public void took(Stage stage, long nanos) {
        stages.get(stage).record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    void accepted(boolean again) {
        (again ? replayed : accepted).increment();
    }

    void refused(Refusal why) {
        counter("refused", "why", why.getClass().getSimpleName()).increment();
    }

    void claimed(Claim claim) {
        (claim.starts() > 1 ? startedAgain : startedFirst).increment();
        took(Stage.QUEUED, (claim.claimedAt() - claim.createdAt()) * 1_000_000);
    }

    void ended(JobStatus status, Result result) {
        ended(
                status,
                result.outcome() != null
                        ? result.outcome().name()
                        : result.error() != null ? result.error().code().name() : status.name());
    }

    void ended(JobStatus status, String as) {
        endings(status, as).increment();
    }

    /** A write that came too late: somebody else decides about the job by now. */
    void fenced() {
        fenced.increment();
    }

    void givenBack() {
        givenBack.increment();
    }

    /** Notes a try of the webhook. */
    public void told(Told what) {
        posts(what).increment();
    }

    void fed(boolean byBus) {
        (byBus ? fedByBus : fedByLog).increment();
    }

    void reaped(JobStore.Reaped.What what) {
        counter("reaped", "what", what.name()).increment();
    }
}
