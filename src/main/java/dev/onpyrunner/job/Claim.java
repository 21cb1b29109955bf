package dev.onpyrunner.job;

import java.util.Optional;

/**
 * A job that a runner has taken, with the proof that it holds it.
 *
 * @param fence number of this start, greater than that of every earlier one
 * @param token secret of this claim, checked by every script that writes for a running job
 * @param starts how often the job has been started, this time included
 * @param claimedAt Redis' time of the claim, in milliseconds
 * @param acceptedBy bus address of the node that accepted the job
 * @param createdAt Redis' time of acceptance, in milliseconds
 * @param cancelled whether a cancel is already asked for
 * @param room how many bytes of output and files its owner may store beside what is stored, at least 64 KiB
 * @param more whether other jobs waited then in the queues it was claimed from
 * @param trace which trace the request belonged to, if it said so
 */
public record Claim(
        JobId id,
        long fence,
        String token,
        int starts,
        long claimedAt,
        JobSpec spec,
        String acceptedBy,
        long createdAt,
        boolean cancelled,
        long room,
        boolean more,
        Optional<TraceContext> trace) {}
