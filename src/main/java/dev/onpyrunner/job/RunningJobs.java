package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which jobs run now, over all nodes. */
public final class RunningJobs {
    private static final String[] FIELDS = {"status", "node", "queue", "owner", "started_at", "starts", "interactive"};

    private final RedisLink redis;
    private final int partitions;
    private final Keys keys;

    public RunningJobs(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.partitions = settings.partitions();
        this.keys = new Keys(settings.prefix());
    }

    /**
     * A running job.
     *
     * @param node the name of the node that runs it
     * @param owner whose it is
     * @param startedAt in ms since 1970
     * @param starts how often it was started, this time included
     */
    public record Running(
            JobId id, String node, String runtime, String owner, boolean interactive, long startedAt, int starts) {
        public JsonObject toJson() {
            return new JsonObject()
                    .put("id", id.text())
                    .put("node", node)
                    .put("runtime", runtime)
                    .put("owner", owner)
                    .put("interactive", interactive)
                    .put("started_at", Instant.ofEpochMilli(startedAt).toString())
                    .put("starts", starts);
        }
    }

    /** Up to {@code count} of those of each partition, the one that runs longest first. */
    public Future<List<Running>> all(int count) {
        List<Future<List<Running>>> each =
                IntStream.range(0, partitions).mapToObj(k -> of(k, count)).toList();
        return Future.all(each)
                .map(v -> each.stream()
                        .flatMap(f -> f.result().stream())
                        .sorted(Comparator.comparingLong(Running::startedAt))
                        .toList());
    }

    private Future<List<Running>> of(int partition, int count) {
        return redis.send(Request.cmd(Command.ZRANGE)
                        .arg(keys.lease(partition))
                        .arg(0)
                        .arg(count - 1))
                .compose(ids -> {
                    List<JobId> jobs = new ArrayList<>();
                    List<Future<Response>> looks = new ArrayList<>();
                    for (Response id : ids) {
                        jobs.add(new JobId(id.toString()));
                        Request look = Request.cmd(Command.HMGET).arg(keys.job(new JobId(id.toString())));
                        for (String field : FIELDS) {
                            look.arg(field);
                        }
                        looks.add(redis.send(look));
                    }
                    return Future.all(looks).map(v -> {
                        List<Running> running = new ArrayList<>();
                        for (int i = 0; i < jobs.size(); i++) {
                            Response job = looks.get(i).result();
                            // It may have ended meanwhile.
                            if (isRunning(job)) {
                                running.add(read(jobs.get(i), job));
                            }
                        }
                        return running;
                    });
                });
    }

    private static boolean isRunning(Response job) {
        return job.get(0) != null && job.get(0).toString().equals(JobStatus.RUNNING.name());
    }

    private static Running read(JobId id, Response job) {
        return new Running(
                id,
                job.get(1).toString(),
                JobSpec.runtimeOf(job.get(2).toString()),
                job.get(3).toString(),
                job.get(6) != null && job.get(6).toString().equals("1"),
                job.get(4).toLong(),
                job.get(5).toInteger());
    }
}
