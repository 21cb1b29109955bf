package dev.onpyrunner.job;

/**
 * How the queue behaves: section {@code queue} of the settings; the same on every node of a cluster. Caps hold for one
 * partition; all jobs of a client (their {@link Owner}) are in one.
 *
 * @param prefix of all keys in Redis
 * @param partitions into which clients are spread; one for a single Redis
 * @param maxQueued most jobs that may wait
 * @param maxQueuedBytes most bytes of their requests
 * @param maxLivePerClient most jobs of one client that may not have ended
 * @param maxStoredBytesPerClient most bytes that one client may have stored: requests, output, results and files
 * @param maxInputBytesPerJob most bytes that may be sent to one running job
 * @param postsPerSecondPerClient how many jobs a second one client may post, as a mean; 0 for no limit
 * @param postsAtOncePerClient how many it may post at once when it has been quiet
 * @param fullPercent nothing is accepted while Redis is fuller than this part of its maxmemory
 * @param leaseMs how long a runner may be silent before its job is given to another, in milliseconds
 * @param timeoutMs how long a job may wait before it is given up, in milliseconds
 */
public record QueueSettings(
        String prefix,
        int partitions,
        long maxQueued,
        long maxQueuedBytes,
        long maxLivePerClient,
        long maxStoredBytesPerClient,
        long maxInputBytesPerJob,
        int postsPerSecondPerClient,
        int postsAtOncePerClient,
        int fullPercent,
        long leaseMs,
        long timeoutMs) {
    public QueueSettings {
        if (!prefix.matches("[A-Za-z0-9_.-]{1,40}")) {
            throw new IllegalArgumentException("prefix must be 1 to 40 letters, digits, '_', '.' or '-'");
        }
        if (partitions < 1 || partitions > 1000) {
            throw new IllegalArgumentException("partitions must be 1 to 1000");
        }
        positive("max_queued", maxQueued);
        positive("max_queued_bytes", maxQueuedBytes);
        positive("max_live_per_client", maxLivePerClient);
        positive("max_stored_bytes_per_client", maxStoredBytesPerClient);
        positive("max_input_bytes_per_job", maxInputBytesPerJob);
        positive("lease_ms", leaseMs);
        positive("timeout_ms", timeoutMs);
        if (postsPerSecondPerClient < 0 || postsPerSecondPerClient > 1000 || postsAtOncePerClient < 1) {
            throw new IllegalArgumentException(
                    "posts_per_second_per_client must be 0 (no limit) to 1000, and posts_at_once_per_client positive");
        }
        if (fullPercent < 1 || fullPercent > 100) {
            throw new IllegalArgumentException("full_percent must be 1 to 100");
        }
    }

    /** What an owner may have of whom nothing else is said. */
    public Share share() {
        double stepMs = postsPerSecondPerClient == 0 ? 0 : 1_000.0 / postsPerSecondPerClient;
        return new Share(maxLivePerClient, maxLivePerClient, stepMs, postsAtOncePerClient);
    }

    private static void positive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be positive, not " + value);
        }
    }
}
