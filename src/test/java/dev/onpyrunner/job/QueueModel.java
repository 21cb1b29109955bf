package dev.onpyrunner.job;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The queue's rules once more, in memory and without time: what each script should do, to be compared with what it does.
 *
 * <p>Ids and fences are random or grow with time, so the model takes them from Redis where there is one; alone it makes
 * its own.
 */
final class QueueModel {
    static final int MAX_QUEUED = 4;
    static final int MAX_LIVE = 3;

    /** A job. */
    static final class ModelJob {
        final String id;
        final String owner;
        final String key;
        final String payload;
        final int maxStarts;
        final long tag;
        final long score;
        final long specBytes;
        final List<String> log = new ArrayList<>(List.of("0 state:QUEUED"));
        final Map<String, Integer> files = new TreeMap<>();
        JobStatus status = JobStatus.QUEUED;
        String code = "";
        int starts;
        long fence;
        long n;
        long stdout;
        boolean cancel;
        boolean purged;
        boolean leaseOver;
        boolean waitOver;
        /** The claim that holds it, or ended it. */
        ModelClaim holder;

        ModelJob(
                String id,
                String owner,
                String key,
                String payload,
                int maxStarts,
                long tag,
                int priority,
                long bytes) {
            this.id = id;
            this.owner = owner;
            this.key = key;
            this.payload = payload;
            this.maxStarts = maxStarts;
            this.tag = tag;
            this.score = tag + 1000L * priority;
            this.specBytes = bytes;
        }

        boolean isLive() {
            return !purged && !status.isTerminal();
        }
    }

    /** A worker's hold on a job, as that worker sees it: it may be stale. */
    static final class ModelClaim {
        final ModelJob job;
        final long fence;
        long n = 1;
        String ended;

        ModelClaim(ModelJob job, long fence) {
            this.job = job;
            this.fence = fence;
        }
    }

    final List<ModelJob> jobs = new ArrayList<>();
    final List<ModelClaim> claims = new ArrayList<>();
    private final Map<String, ModelJob> keys = new HashMap<>();
    private final Map<String, Long> ownerTags = new HashMap<>();
    private long lastClaimed;
    int ends;
    int dead;

    List<ModelJob> queued() {
        return jobs.stream()
                .filter(j -> j.isLive() && j.status == JobStatus.QUEUED)
                .sorted(Comparator.comparingLong((ModelJob j) -> j.score).thenComparing(j -> j.id))
                .toList();
    }

    /** What a request would be answered: OK, SAME and the job's id, or the refusal. */
    String accept(String owner, String key, String payload) {
        ModelJob same = key.isEmpty() ? null : keys.get(owner + key);
        if (same != null) {
            return same.payload.equals(payload) ? "SAME " + same.id : "KeyReused";
        }
        if (queued().size() >= MAX_QUEUED) {
            return "QueueFull";
        }
        long live =
                jobs.stream().filter(j -> j.isLive() && j.owner.equals(owner)).count();
        return live >= MAX_LIVE ? "TooManyJobs" : "OK";
    }

    void accepted(String id, String owner, String key, String payload, int priority, int maxStarts, long bytes) {
        long tag = Math.max(lastClaimed, ownerTags.getOrDefault(owner, 0L)) + 1;
        ownerTags.put(owner, tag);
        ModelJob job = new ModelJob(id, owner, key, payload, maxStarts, tag, priority, bytes);
        jobs.add(job);
        if (!key.isEmpty()) {
            keys.put(owner + key, job);
        }
    }

    /** The job that a claim should bring. */
    Optional<ModelJob> next() {
        return queued().stream().findFirst();
    }

    void claimed(ModelJob job, long fence) {
        job.status = JobStatus.RUNNING;
        job.starts++;
        job.fence = fence;
        job.n = 1;
        job.stdout = 0;
        job.leaseOver = false;
        job.waitOver = false;
        lastClaimed = Math.max(lastClaimed, job.tag);
        job.holder = new ModelClaim(job, fence);
        claims.add(job.holder);
        log(job, "state:RUNNING");
    }

    private static void log(ModelJob job, String event) {
        job.log.add(job.fence + " " + event);
    }

    boolean holds(ModelClaim claim) {
        return claim.job.isLive() && claim.job.status == JobStatus.RUNNING && claim.job.holder == claim;
    }

    /** An event under a number; one that is there already changes nothing. */
    void emit(ModelClaim claim, long n, String data) {
        if (holds(claim) && n > claim.job.n) {
            claim.job.n = n;
            claim.job.stdout += data.length();
            log(claim.job, "out:" + data);
        }
    }

    void storeFile(ModelClaim claim, String path, int bytes) {
        if (holds(claim)) {
            claim.job.files.put(path, bytes);
        }
    }

    void beat(ModelClaim claim) {
        if (holds(claim)) {
            claim.job.leaseOver = false;
        }
    }

    /** Whether the end is taken: now, or as the repeat of one that was. */
    boolean finish(ModelClaim claim, JobStatus status) {
        if (holds(claim)) {
            end(claim.job, status);
            claim.ended = status.name();
            return true;
        }
        return claim.ended != null && !claim.job.purged;
    }

    private void end(ModelJob job, JobStatus status) {
        job.status = status;
        ends++;
        log(job, "end:" + status);
    }

    private void requeue(ModelJob job) {
        job.files.clear();
        log(job, "requeued:QUEUED");
        job.status = JobStatus.QUEUED;
        job.stdout = 0;
        job.holder = null;
        job.leaseOver = false;
    }

    boolean release(ModelClaim claim) {
        if (!holds(claim)) {
            return false;
        }
        if (claim.job.cancel) {
            end(claim.job, JobStatus.CANCELLED);
        } else {
            claim.job.starts--;
            requeue(claim.job);
        }
        return true;
    }

    String cancel(ModelJob job) {
        if (job.purged) {
            return "JobGone";
        }
        return switch (job.status) {
            case QUEUED -> {
                end(job, JobStatus.CANCELLED);
                yield "AT_ONCE";
            }
            case RUNNING -> {
                job.cancel = true;
                yield "ASKED";
            }
            default -> "TOO_LATE";
        };
    }

    String purge(ModelJob job) {
        if (job.purged) {
            return "JobGone";
        }
        if (job.isLive()) {
            return "false";
        }
        job.purged = true;
        keys.values().removeIf(j -> j == job);
        return "true";
    }

    /** What a reaper should move: id and what becomes of it. */
    Map<String, String> reap() {
        Map<String, String> moved = new TreeMap<>();
        for (ModelJob job : jobs) {
            if (job.purged) {
                continue;
            }
            if (job.status == JobStatus.RUNNING && job.leaseOver) {
                if (job.cancel) {
                    end(job, JobStatus.CANCELLED);
                    moved.put(job.id, "CANCELLED");
                } else if (job.starts >= job.maxStarts) {
                    giveUp(job, "WORKER_LOST");
                    moved.put(job.id, "LOST");
                } else {
                    requeue(job);
                    moved.put(job.id, "REQUEUED");
                }
            } else if (job.status == JobStatus.QUEUED && job.waitOver) {
                giveUp(job, "QUEUE_TIMEOUT");
                moved.put(job.id, "TIMEOUT");
            }
        }
        return moved;
    }

    private void giveUp(ModelJob job, String code) {
        end(job, JobStatus.ERROR);
        job.code = code;
        dead++;
    }

    /** All that decides what may happen next, for telling states apart; not how it came to be. */
    String shape() {
        StringBuilder shape = new StringBuilder();
        for (ModelJob j : jobs) {
            shape.append(j.purged ? "purged" : j.status)
                    .append(j.starts)
                    .append(j.cancel ? "c" : "")
                    .append(j.leaseOver ? "l" : "")
                    .append(j.waitOver ? "w" : "")
                    .append(j.files.keySet())
                    .append(j.stdout > 0 ? "o" : "")
                    .append(';');
        }
        for (ModelClaim c : claims) {
            shape.append(jobs.indexOf(c.job))
                    .append(holds(c) ? "h" : "s")
                    .append(c.ended != null ? "e" : "")
                    .append(',');
        }
        return shape.toString();
    }
}
