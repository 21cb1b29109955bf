package dev.onpyrunner.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.onpyrunner.job.Allowance;
import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.RuntimeCatalog;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * How the HTTP interface behaves.
 *
 * @param host address to listen on
 * @param port 0 for any free one
 * @param maxWaitS longest time a request may wait for its job, in seconds
 * @param maxWaiting most requests of one event loop that may wait at once; more are answered without a wait
 * @param trustedProxies addresses whose X-Forwarded-For header is believed
 * @param operatorToken what opens the operator's routes; empty: nothing does
 * @param allowedOrigins whose pages may talk to this server, such as {@code https://example.org}
 * @param anonymous whether clients without an API key may come, too
 * @param runtimes what jobs may ask to be run by
 * @param allowance what the client's key says of it; the limits below hold beside it
 * @param defaults limits of jobs that name none
 * @param maximum largest limits that a job may ask for
 * @param retentionS how long a result is kept when the job does not say, in seconds
 * @param maxRetentionS most that it may ask for, in seconds
 * @param maxStarts how often a job may be started when it does not say, and at most
 */
public record HttpSettings(
        String host,
        int port,
        int maxWaitS,
        int maxWaiting,
        List<Network> trustedProxies,
        String operatorToken,
        List<String> allowedOrigins,
        boolean anonymous,
        Caps caps,
        RuntimeCatalog runtimes,
        Allowance allowance,
        Limits defaults,
        Limits maximum,
        long retentionS,
        long maxRetentionS,
        int defaultMaxStarts,
        int maxStarts) {
    public HttpSettings {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(operatorToken, "operatorToken");
        trustedProxies = List.copyOf(trustedProxies);
        allowedOrigins = List.copyOf(allowedOrigins);
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535: " + port);
        }
        if (maxWaitS < 0 || maxWaiting < 0) {
            throw new IllegalArgumentException("max_wait_s and max_waiting must not be negative");
        }
        if (retentionS < 1 || retentionS > maxRetentionS) {
            throw new IllegalArgumentException("retention_s must be 1 to its maximum");
        }
        if (defaultMaxStarts < 1 || defaultMaxStarts > maxStarts) {
            throw new IllegalArgumentException("max_starts must be 1 to its maximum");
        }
    }

    /** The same settings as they are for who has the given key; null for none. */
    HttpSettings of(ApiKey key) {
        if (key == null || key.allowance().equals(Allowance.USUAL)) {
            return this;
        }
        Allowance own = key.allowance();
        return new HttpSettings(
                host,
                port,
                maxWaitS,
                maxWaiting,
                trustedProxies,
                operatorToken,
                allowedOrigins,
                anonymous,
                caps,
                runtimes,
                own,
                own.within(defaults),
                own.within(maximum),
                own.retentionWithin(retentionS),
                own.retentionWithin(maxRetentionS),
                defaultMaxStarts,
                maxStarts);
    }

    /** Whether jobs may ask for a runtime. */
    boolean hasRuntime(String name) {
        return runtimes.has(name) && allowance.allows(name);
    }

    /** The runtime of jobs that name none: one that they may have. */
    String standardRuntime() {
        String standard = runtimes.standard();
        return allowance.allows(standard) ? standard : allowance.runtimes().get(0);
    }

    /** The names of the runtimes that jobs may ask for, in one line. */
    String runtimeNames() {
        return runtimes.names().stream().filter(allowance::allows).collect(Collectors.joining(", "));
    }

    /** The priority of jobs that name none. */
    int standardPriority() {
        return Math.max(JobSpec.USUAL_PRIORITY, mostUrgent());
    }

    /** The most urgent priority that a job may ask for. */
    int mostUrgent() {
        return allowance.priority() == null ? 0 : allowance.priority();
    }

    @Override
    public String toString() {
        return "HttpSettings[host=" + host + ", port=" + port + "]"; // no token in a log
    }

    /**
     * How large a request may be.
     *
     * @param bodyBytes the whole body
     * @param programBytes source and files together
     * @param items files, arguments and variables, the last two of {@code itemBytes} each
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Caps(long bodyBytes, long programBytes, long stdinBytes, int files, int items, int itemBytes) {
        public Caps {
            if (bodyBytes < 1 || programBytes < 1 || stdinBytes < 0 || files < 1 || items < 0 || itemBytes < 1) {
                throw new IllegalArgumentException("the caps of a request must be positive");
            }
        }
    }
}
