package dev.onpyrunner.job;

/**
 * What of the queue one owner may have.
 *
 * @param live most jobs that have not ended
 * @param queued most of them that wait
 * @param stepMs time between two posts, as a mean, in milliseconds; 0 for no limit
 * @param atOnce how many posts may come at once after a quiet time
 */
public record Share(long live, long queued, double stepMs, int atOnce) {
    public Share {
        if (live < 1 || queued < 1 || stepMs < 0 || atOnce < 1) {
            throw new IllegalArgumentException("not a share: " + live + " " + queued + " " + stepMs + " " + atOnce);
        }
    }

    /**
     * How many posts an owner has left.
     *
     * @param most how many may come at once
     * @param windowS in so many seconds all of them are there again
     * @param left how many may come now
     * @param nextS in so many seconds all are there again from now
     */
    public record Posts(long most, long windowS, long left, long nextS) {}

    /** What is left of it when so many milliseconds of posts are ahead of the clock; null without a limit. */
    Posts left(long aheadMs) {
        if (stepMs == 0) {
            return null;
        }
        long left = (long) Math.floor(atOnce - aheadMs / stepMs);
        return new Posts(atOnce, Math.max(1, Math.round(atOnce * stepMs / 1000)), Math.max(0, left), (long)
                Math.ceil(aheadMs / 1000.0));
    }
}
