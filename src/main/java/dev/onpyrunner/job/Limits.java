package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/**
 * What one job may use.
 *
 * @param cpuMs CPU time of all its processes together, in milliseconds
 * @param wallMs time on the clock, in milliseconds
 * @param idleMs how long one read of an interactive job may wait, in milliseconds
 * @param memoryBytes memory of all its processes, files in memory included
 * @param outputBytes stdout and stderr together
 * @param processes processes and threads
 * @param diskBytes size of each of {@code /work} and {@code /tmp}
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record Limits(
        long cpuMs, long wallMs, long idleMs, long memoryBytes, long outputBytes, long processes, long diskBytes) {
    /** An interpreter takes about 6 MiB; near that the kernel would rather read its pages again and again than end it. */
    public static final long MIN_MEMORY = 16 << 20;

    public Limits {
        positive("cpu_ms", cpuMs);
        positive("wall_ms", wallMs);
        positive("idle_ms", idleMs);
        positive("memory_bytes", memoryBytes);
        positive("output_bytes", outputBytes);
        positive("processes", processes);
        positive("disk_bytes", diskBytes);
    }

    Limits withOutputBytes(long bytes) {
        return new Limits(cpuMs, wallMs, idleMs, memoryBytes, bytes, processes, diskBytes);
    }

    private static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive: " + value);
        }
    }
}
