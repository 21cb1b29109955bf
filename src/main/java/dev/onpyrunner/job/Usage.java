package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/**
 * What one job used.
 *
 * @param wallMs time on the clock from the program's start to its end, in milliseconds, without that for which an
 *     interactive program waited for input
 * @param cpuMs CPU time of all its processes, in milliseconds
 * @param memoryPeakBytes most memory that it held at once
 * @param queuedMs from acceptance to the claim that ran it, in milliseconds
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record Usage(long wallMs, long cpuMs, long memoryPeakBytes, long queuedMs) {}
