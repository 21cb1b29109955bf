package dev.onpyrunner.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * What the jobs of one API key may ask for, and how many there may be. What is null is as for everybody.
 *
 * @param postsPerMinute how many jobs may be posted, and as many of them at once
 * @param live most jobs that have not ended
 * @param queued most of them that wait
 * @param cpuMs most CPU time of a job, in milliseconds; this and what follows never go beyond what the server allows to all
 * @param wallMs most time of a job on the clock, in milliseconds
 * @param memoryBytes most memory of a job
 * @param priority the most urgent one, from 0 (most urgent) to 7
 * @param retentionS how long a result may be kept, in seconds
 * @param runtimes what jobs may be run by
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Allowance(
        Integer postsPerMinute,
        Long live,
        Long queued,
        Long cpuMs,
        Long wallMs,
        Long memoryBytes,
        Integer priority,
        Long retentionS,
        List<String> runtimes) {
    /** Whatever everybody may. */
    public static final Allowance USUAL = new Allowance(null, null, null, null, null, null, null, null, null);

    private static final int MOST_PER_MINUTE = 60_000;

    public Allowance {
        between("posts per minute", postsPerMinute, 1, MOST_PER_MINUTE);
        between("live jobs", live, 1, Integer.MAX_VALUE);
        between("queued jobs", queued, 1, Integer.MAX_VALUE);
        between("CPU milliseconds", cpuMs, 1, Long.MAX_VALUE);
        between("wall milliseconds", wallMs, 1, Long.MAX_VALUE);
        between("bytes of memory", memoryBytes, Limits.MIN_MEMORY, Long.MAX_VALUE);
        between("priority", priority, 0, JobSpec.LEAST_URGENT);
        between("seconds of retention", retentionS, 1, Long.MAX_VALUE);
        runtimes = runtimes == null || runtimes.isEmpty() ? null : List.copyOf(runtimes);
    }

    private static void between(String what, Number value, long least, long most) {
        if (value != null && (value.longValue() < least || value.longValue() > most)) {
            throw new IllegalArgumentException("The " + what + " of a key must be "
                    + (most == Long.MAX_VALUE ? "at least " + least : least + " to " + most) + ", not " + value + ".");
        }
    }

    /** Its share of the queue; where it says nothing, the usual one. */
    public Share share(Share usual) {
        return new Share(
                live == null ? usual.live() : live,
                queued != null ? queued : live == null ? usual.queued() : live,
                postsPerMinute == null ? usual.stepMs() : 60_000.0 / postsPerMinute,
                postsPerMinute == null ? usual.atOnce() : postsPerMinute);
    }

    /** The largest limits, of those that everybody may ask for. */
    public Limits within(Limits all) {
        return new Limits(
                least(cpuMs, all.cpuMs()),
                least(wallMs, all.wallMs()),
                all.idleMs(),
                least(memoryBytes, all.memoryBytes()),
                all.outputBytes(),
                all.processes(),
                all.diskBytes());
    }

    private static long least(Long own, long all) {
        return own == null ? all : Math.min(own, all);
    }

    /** How long a result may be kept, in seconds, of what everybody may ask for. */
    public long retentionWithin(long all) {
        return least(retentionS, all);
    }

    /** Whether its jobs may be run by a runtime. */
    public boolean allows(String runtime) {
        return runtimes == null || runtimes.contains(runtime);
    }
}
