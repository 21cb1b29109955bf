package dev.onpyrunner.redis;

/** Redis cannot be reached, or did not answer in time: the command may or may not have been carried out. */
public final class RedisUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RedisUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
