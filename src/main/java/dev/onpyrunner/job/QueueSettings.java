package dev.onpyrunner.job;

/**
 * How the queue behaves; the same on every node of a cluster.
 *
 * @param prefix of all keys in Redis
 * @param partitions into which owners are spread; one for a single Redis
 * @param maxQueued most jobs that may wait in one partition
 * @param maxLivePerOwner most jobs of one owner that may not have ended
 * @param leaseMs how long a runner may be silent before its job is given to another, in milliseconds
 * @param timeoutMs how long a job may wait before it is given up, in milliseconds
 */
public record QueueSettings(
        String prefix, int partitions, long maxQueued, long maxLivePerOwner, long leaseMs, long timeoutMs) {
    public QueueSettings {
        if (!prefix.matches("[A-Za-z0-9_.-]{1,40}")) {
            throw new IllegalArgumentException("prefix must be 1 to 40 letters, digits, '_', '.' or '-'");
        }
        if (partitions < 1 || partitions > 1000) {
            throw new IllegalArgumentException("partitions must be 1 to 1000");
        }
        if (maxQueued < 1 || maxLivePerOwner < 1 || leaseMs < 1 || timeoutMs < 1) {
            throw new IllegalArgumentException("the queue's caps and times must be positive");
        }
    }
}
