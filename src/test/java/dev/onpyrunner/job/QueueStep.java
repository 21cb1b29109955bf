package dev.onpyrunner.job;

import java.util.Random;

/**
 * Something that happens to a queue. Jobs and claims are named by number, counted modulo how many there are, so that a
 * history still means something when steps are taken out.
 */
sealed interface QueueStep {
    record Accept(int owner, int priority, String key, String payload, int maxStarts) implements QueueStep {}

    record Claim() implements QueueStep {}

    /** {@code back}: how far behind the claim's next number; 0 for a fresh event, more for one sent again. */
    record Emit(int claim, int back) implements QueueStep {}

    record StoreFile(int claim, int file) implements QueueStep {}

    record Beat(int claim) implements QueueStep {}

    record Finish(int claim, JobStatus status) implements QueueStep {}

    record Release(int claim) implements QueueStep {}

    record Cancel(int job) implements QueueStep {}

    record Purge(int job) implements QueueStep {}

    /** The worker is silent for so long that its lease is over. */
    record EndLease(int job) implements QueueStep {}

    /** The job has waited for too long. */
    record EndWait(int job) implements QueueStep {}

    record Reap() implements QueueStep {}

    /** Any step. A worker that is dead is one whose claim no step names again; one that was paused uses it late. */
    static QueueStep random(Random random) {
        int one = random.nextInt(8);
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3 ->
                new Accept(
                        random.nextInt(3),
                        random.nextInt(4) == 0 ? random.nextInt(8) : 4,
                        random.nextInt(3) == 0 ? "key" + random.nextInt(2) : "",
                        random.nextInt(4) == 0 ? "other" : "pass",
                        1 + random.nextInt(3));
            case 4, 5, 6, 7 -> new Claim();
            case 8, 9 -> new Emit(one, random.nextInt(3));
            case 10 -> new StoreFile(one, random.nextInt(2));
            case 11 -> new Beat(one);
            case 12, 13 -> new Finish(one, random.nextBoolean() ? JobStatus.DONE : JobStatus.ERROR);
            case 14 -> new Release(one);
            case 15 -> new Cancel(one);
            case 16 -> new Purge(one);
            case 17 -> new EndLease(one);
            case 18 -> random.nextInt(3) == 0 ? new EndWait(one) : new EndLease(one);
            default -> new Reap();
        };
    }
}
