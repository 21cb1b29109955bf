package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.List;

/**
 * The ends of one partition's jobs, each for one reader of a group, and again for another one when the first one dies. The
 * stream holds about the last 100,000.
 */
public final class Ends {
    /** All readers of a group are one consumer: what is left by one that died is found by how long it has lain there. */
    private static final String CONSUMER = "node";

    private static final long LONG_AGO_MS = 86_400_000;

    private final RedisLink redis;
    private final String key;
    private final String group;

    /**
     * The end of one job.
     *
     * @param entry its place in the stream
     */
    public record End(String entry, JobId id, JobStatus status) {}

    public Ends(RedisLink redis, QueueSettings settings, int partition, String group) {
        this.redis = redis;
        this.key = new Keys(settings.prefix()).ends(partition);
        this.group = group;
    }

    /** Makes the group, which gets what ends from now on; nothing happens when it is there. */
    public Future<Void> open() {
        return create("$");
    }

    private Future<Void> create(String from) {
        return redis.send(Request.cmd(Command.XGROUP)
                        .arg("CREATE")
                        .arg(key)
                        .arg(group)
                        .arg(from)
                        .arg("MKSTREAM"))
                .<Void>mapEmpty()
                .recover(e -> is(e, "BUSYGROUP") ? Future.succeededFuture() : Future.failedFuture(e));
    }

    private static boolean is(Throwable e, String code) {
        return e instanceof ErrorType error && error.is(code);
    }

    /** The next ends that nobody has had, at most so many; they are the caller's now. */
    public Future<List<End>> next(int count) {
        return redis.send(Request.cmd(Command.XREADGROUP)
                        .arg("GROUP")
                        .arg(group)
                        .arg(CONSUMER)
                        .arg("COUNT")
                        .arg(count)
                        .arg("STREAMS")
                        .arg(key)
                        .arg(">"))
                .map(reply -> reply == null || reply.size() == 0
                        ? List.<End>of()
                        : ends(reply.get(0).get(1)))
                // Redis has lost the group: with what has come since then, nothing is left out.
                .recover(e -> is(e, "NOGROUP") ? create("0").map(List.of()) : Future.failedFuture(e));
    }

    /** Ends that somebody took and has not held for so long, in milliseconds; they are the caller's now. */
    public Future<List<End>> abandoned(long idleMs, int count) {
        return redis.send(Request.cmd(Command.XAUTOCLAIM)
                        .arg(key)
                        .arg(group)
                        .arg(CONSUMER)
                        .arg(idleMs)
                        .arg("0")
                        .arg("COUNT")
                        .arg(count))
                .map(reply -> ends(reply.get(1)));
    }

    /** The caller still works on these. */
    public Future<Void> hold(List<End> ends) {
        return claim(ends, 0);
    }

    /** The caller will not do these: they are for anybody who asks for abandoned ones. */
    public Future<Void> giveBack(List<End> ends) {
        return claim(ends, LONG_AGO_MS);
    }

    private Future<Void> claim(List<End> ends, long idleMs) {
        if (ends.isEmpty()) {
            return Future.succeededFuture();
        }
        Request request =
                Request.cmd(Command.XCLAIM).arg(key).arg(group).arg(CONSUMER).arg(0);
        ends.forEach(e -> request.arg(e.entry()));
        return redis.send(request.arg("IDLE").arg(idleMs).arg("JUSTID")).mapEmpty();
    }

    /** The caller has done this one. */
    public Future<Void> done(End end) {
        return redis.send(Request.cmd(Command.XACK).arg(key).arg(group).arg(end.entry()))
                .mapEmpty();
    }

    private static List<End> ends(Response entries) {
        List<End> ends = new ArrayList<>();
        for (Response entry : entries) {
            Response fields = entry.get(1);
            ends.add(new End(
                    entry.get(0).toString(),
                    new JobId(fields.get(1).toString()),
                    JobStatus.valueOf(fields.get(3).toString())));
        }
        return ends;
    }
}
