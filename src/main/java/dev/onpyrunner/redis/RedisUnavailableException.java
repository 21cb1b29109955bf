package dev.onpyrunner.redis;

/** Redis cannot be reached, did not answer in time, or takes no commands now. */
public final class RedisUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean mayHaveRun;

    /** A command that may or may not have been carried out. */
    public RedisUnavailableException(String message, Throwable cause) {
        this(message, cause, true);
    }

    RedisUnavailableException(String message, Throwable cause, boolean mayHaveRun) {
        super(message, cause);
        this.mayHaveRun = mayHaveRun;
    }

    /** Whether the command may have been carried out; when not, it can be sent again without harm. */
    public boolean mayHaveRun() {
        return mayHaveRun;
    }
}
