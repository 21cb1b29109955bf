package dev.onpyrunner.job;

/** Why a request about a job is refused. One type for each cause; {@code http} turns it into an answer. */
public abstract sealed class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long retryAfterMs;

    private Refusal(String message, long retryAfterMs) {
        super(message, null, false, false);
        this.retryAfterMs = retryAfterMs;
    }

    /** After how many milliseconds the same request may succeed, as far as can be told now; 0 when time does not help. */
    public long retryAfterMs() {
        return retryAfterMs;
    }

    /** There has never been such a job, or so long ago that nobody remembers. */
    public static final class NoSuchJob extends Refusal {
        private static final long serialVersionUID = 1L;

        public NoSuchJob() {
            super("There is no job with this id.", 0);
        }
    }

    /** The job existed, and its retention has passed. */
    public static final class JobGone extends Refusal {
        private static final long serialVersionUID = 1L;

        public JobGone() {
            super("This job existed, but is no longer kept. Run the program again.", 0);
        }
    }

    /** The queue takes no more: as many jobs wait, or as many bytes of them, as it may hold. */
    public static final class QueueFull extends Refusal {
        private static final long serialVersionUID = 1L;

        private QueueFull(String what, long retryAfterMs) {
            super("The queue is full: " + what + " wait. Try again later.", retryAfterMs);
        }

        static QueueFull ofJobs(long depth, long retryAfterMs) {
            return new QueueFull(depth + " jobs", retryAfterMs);
        }

        static QueueFull ofBytes(long bytes, long retryAfterMs) {
            return new QueueFull(bytes + " bytes of requests", retryAfterMs);
        }
    }

    /** This owner has as many live jobs as one may have. */
    public static final class TooManyJobs extends Refusal {
        private static final long serialVersionUID = 1L;

        TooManyJobs(long live, long retryAfterMs) {
            super(
                    "You have " + live + " jobs that have not ended, as many as one client may have. Wait for some.",
                    retryAfterMs);
        }
    }

    /** As many of this owner's jobs wait as may. */
    public static final class TooManyQueued extends Refusal {
        private static final long serialVersionUID = 1L;

        TooManyQueued(long queued, long retryAfterMs) {
            super(queued + " of your jobs wait to be run, as many as may. Wait for some.", retryAfterMs);
        }
    }

    /** This owner has as many bytes stored as one may have. */
    public static final class TooManyBytes extends Refusal {
        private static final long serialVersionUID = 1L;

        TooManyBytes(long bytes, long retryAfterMs) {
            super(
                    "Your jobs take " + bytes + " bytes, as much as one client may have stored. Delete ended jobs with"
                            + " ?purge=true, or wait until they expire.",
                    retryAfterMs);
        }
    }

    /** The request alone is more than the queue, or one client, may have stored. */
    public static final class TooLarge extends Refusal {
        private static final long serialVersionUID = 1L;

        TooLarge(long bytes, long most) {
            super(
                    "The request takes " + bytes + " bytes as it is stored, and this server takes at most "
                            + Math.max(0, most) + ".",
                    0);
        }
    }

    /** This owner posts more jobs a second than one may. */
    public static final class TooManyPosts extends Refusal {
        private static final long serialVersionUID = 1L;

        private final transient Share.Posts posts;

        TooManyPosts(long retryAfterMs, Share.Posts posts) {
            super("You post more jobs than one client may in that time. Slow down.", retryAfterMs);
            this.posts = posts;
        }

        /** What the owner may still post. */
        public Share.Posts posts() {
            return posts;
        }
    }

    /** Redis holds as much as it may. */
    public static final class StoreFull extends Refusal {
        private static final long serialVersionUID = 1L;
        private static final long RETRY_AFTER_MS = 30_000;

        StoreFull() {
            super("The job store is full. Try again later.", RETRY_AFTER_MS);
        }
    }

    /** The job has ended, does not run yet, or has its whole input: what was sent to it can reach nobody. */
    public static final class NotTaken extends Refusal {
        private static final long serialVersionUID = 1L;

        private NotTaken(String message) {
            super(message, 0);
        }

        static NotTaken ended() {
            return new NotTaken("The job has ended.");
        }

        static NotTaken waiting() {
            return new NotTaken("The job does not run yet. Try again when it does.");
        }

        static NotTaken whole() {
            return new NotTaken("The job is not interactive: it has its whole input. Post it with interactive: true.");
        }

        static NotTaken closed() {
            return new NotTaken("The job's input has been ended before.");
        }

        static NotTaken outOfOrder(String next) {
            return new NotTaken("An earlier message of this sender is missing: send number " + next + " first.");
        }
    }

    /** More input than one job may be sent. */
    public static final class TooMuchInput extends Refusal {
        private static final long serialVersionUID = 1L;

        TooMuchInput(String sent, long most) {
            super("The job was sent " + sent + " bytes before, and takes at most " + most + " in all.", 0);
        }
    }

    /** The Idempotency-Key was used before, for another request. */
    public static final class KeyReused extends Refusal {
        private static final long serialVersionUID = 1L;

        KeyReused() {
            super("This Idempotency-Key was used for another request. Use a new key for a new request.", 0);
        }
    }
}
