package dev.onpyrunner.job;

import io.vertx.redis.client.Response;

/**
 * The queue at one moment.
 *
 * @param depth jobs that wait
 * @param oldestMs how long the first of them has waited; 0 when none does
 * @param running jobs that run
 * @param runningInteractive how many of them are interactive: they have slots of their own
 * @param queuedBytes bytes of the requests that wait
 * @param full whether Redis is too full to take more
 * @param slots of all nodes, those for interactive jobs not counted, as far as the queue has heard of them
 * @param runMs how long a job holds a slot, as a mean of late
 */
public record QueueFigures(
        long depth,
        long oldestMs,
        long running,
        long runningInteractive,
        long queuedBytes,
        boolean full,
        long slots,
        long runMs) {
    static final QueueFigures NONE = new QueueFigures(0, 0, 0, 0, 0, false, 0, 0);

    static QueueFigures read(Response r) {
        Response counters = r.get(3);
        boolean full = false;
        long queuedBytes = 0;
        long slots = 0;
        long runningInteractive = 0;
        long runMs = 0;
        for (int i = 0; i + 1 < counters.size(); i += 2) {
            String value = counters.get(i + 1).toString();
            switch (counters.get(i).toString()) {
                case "full" -> full = value.equals("1");
                case "queued_bytes" -> queuedBytes = Long.parseLong(value);
                case "running_interactive" -> runningInteractive = Long.parseLong(value);
                case "slots" -> slots = Long.parseLong(value);
                case "run_ms" -> runMs = Math.round(Double.parseDouble(value));
                default -> {}
            }
        }
        return new QueueFigures(
                r.get(0).toLong(),
                r.get(1).toLong(),
                r.get(2).toLong(),
                runningInteractive,
                queuedBytes,
                full,
                slots,
                runMs);
    }

    QueueFigures plus(QueueFigures other) {
        return new QueueFigures(
                depth + other.depth,
                Math.max(oldestMs, other.oldestMs),
                running + other.running,
                runningInteractive + other.runningInteractive,
                queuedBytes + other.queuedBytes,
                full || other.full,
                Math.max(slots, other.slots),
                Math.max(runMs, other.runMs));
    }

    /** About how long a job that came now would wait, in milliseconds; -1 when that cannot be told. */
    public long estimatedWaitMs() {
        return estimate(depth + 1, running - runningInteractive, slots, runMs);
    }

    /** When the job at a place starts, or -1 as long as no job has shown how long one takes: it waits for as many ends as there are jobs before it beyond the free slots. */
    static long estimate(long place, long running, long slots, long runMs) {
        if (slots <= 0) {
            return -1;
        }
        long ahead = Math.max(0, place - Math.max(0, slots - running));
        return ahead > 0 && runMs <= 0 ? -1 : ahead * runMs / slots;
    }
}
