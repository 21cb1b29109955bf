package dev.onpyrunner.job;

/** The writer does not hold the job any more: its lease ended and somebody else decides now. */
public final class NotHolderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotHolderException(JobId id) {
        super("job " + id.brief() + " is not ours any more", null, false, false);
    }
}
