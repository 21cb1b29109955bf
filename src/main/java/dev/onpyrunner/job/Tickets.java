package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Short-lived stand-ins for API keys, for browsers: a page shows its key once and then has this. They are in Redis, for all nodes, as
 * hashes, a set of them for each key: who reads Redis cannot use them, and one key cannot fill it.
 */
public final class Tickets {
    /** How long one is good since it was given or last renewed. */
    public static final long LIFE_MS = 30 * 60_000;

    /** However often it is renewed, the key has to be shown again after this time. */
    private static final long LONGEST_MS = 12 * 3_600_000;

    /** Of one key; the one that ends first gives way. */
    private static final int MOST = 1_000;

    private static final Pattern TEXT = Pattern.compile("onpyt_([0-9a-f]{12})_([0-9]{1,15})_[0-9a-f]{64}");

    private final RedisLink redis;
    private final String prefix;

    public Tickets(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.prefix = settings.prefix() + ":{keys}:tickets:";
    }

    /**
     * A ticket as a browser shows it.
     *
     * @param key the id of the key that it stands for
     * @param since when that key was shown, in ms since 1970
     * @param text all of it
     */
    public record Ticket(String key, long since, String text) {
        /** Empty when the text is no ticket. */
        public static Optional<Ticket> parse(String text) {
            Matcher m = TEXT.matcher(text);
            return m.matches()
                    ? Optional.of(new Ticket(m.group(1), Long.parseLong(m.group(2)), text))
                    : Optional.empty();
        }

        private static Ticket make(ApiKey key, long now) {
            return new Ticket(key.id(), now, "onpyt_" + key.id() + "_" + now + "_" + ApiKey.random(32));
        }

        private long until(long now) {
            return Math.min(now + LIFE_MS, since + LONGEST_MS);
        }

        /** The time is in it, so nobody can change that. */
        private String hash() {
            return ApiKey.hash(text);
        }

        @Override
        public String toString() {
            return "Ticket[" + key + "]"; // no secret in a log
        }
    }

    /** A ticket and when it ends, in ms since 1970. */
    public record Given(Ticket ticket, long until) {}

    /** A new ticket for a key that was shown. */
    public Future<Given> give(ApiKey key, long now) {
        return keep(Ticket.make(key, now), now);
    }

    /** The same ticket for longer; it has to be good now. */
    public Future<Given> renew(Ticket ticket, long now) {
        return keep(ticket, now);
    }

    private Future<Given> keep(Ticket ticket, long now) {
        String all = prefix + ticket.key();
        long until = ticket.until(now);
        return redis.send(Request.cmd(Command.ZADD).arg(all).arg(until).arg(ticket.hash()))
                .compose(r -> redis.send(
                        Request.cmd(Command.ZREMRANGEBYRANK).arg(all).arg(0).arg(-MOST - 1)))
                .compose(r -> redis.send(Request.cmd(Command.PEXPIRE).arg(all).arg(LIFE_MS)))
                .map(new Given(ticket, until));
    }

    /** Whether a ticket was given and its time is not over. */
    public Future<Boolean> isGood(Ticket ticket, long now) {
        return redis.send(Request.cmd(Command.ZSCORE).arg(prefix + ticket.key()).arg(ticket.hash()))
                .map(until -> until != null && until.toDouble() > now);
    }

    /** Ends a ticket. */
    public Future<Void> end(Ticket ticket) {
        return redis.send(Request.cmd(Command.ZREM).arg(prefix + ticket.key()).arg(ticket.hash()))
                .mapEmpty();
    }
}
