package dev.onpyrunner.job;

/** Why a request about a job is refused. One type for each cause; {@code http} turns it into an answer. */
public abstract sealed class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Refusal(String message) {
        super(message, null, false, false);
    }

    /** There has never been such a job, or so long ago that nobody remembers. */
    public static final class NoSuchJob extends Refusal {
        private static final long serialVersionUID = 1L;

        public NoSuchJob() {
            super("There is no job with this id.");
        }
    }

    /** The job existed, and its retention has passed. */
    public static final class JobGone extends Refusal {
        private static final long serialVersionUID = 1L;

        public JobGone() {
            super("This job existed, but is no longer kept. Run the program again.");
        }
    }

    /** As many jobs wait as the queue takes. */
    public static final class QueueFull extends Refusal {
        private static final long serialVersionUID = 1L;

        public QueueFull(long depth) {
            super("The queue is full: " + depth + " jobs wait. Try again later.");
        }
    }

    /** This owner has as many live jobs as one may have. */
    public static final class TooManyJobs extends Refusal {
        private static final long serialVersionUID = 1L;

        public TooManyJobs(long live) {
            super("You have " + live + " jobs that have not ended, as many as one client may have. Wait for some.");
        }
    }

    /** Redis holds as much as it may. */
    public static final class StoreFull extends Refusal {
        private static final long serialVersionUID = 1L;

        public StoreFull() {
            super("The job store is full. Try again later.");
        }
    }

    /** The Idempotency-Key was used before, for another request. */
    public static final class KeyReused extends Refusal {
        private static final long serialVersionUID = 1L;

        public KeyReused() {
            super("This Idempotency-Key was used for another request. Use a new key for a new request.");
        }
    }
}
