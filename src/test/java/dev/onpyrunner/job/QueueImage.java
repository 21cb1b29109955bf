package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * All keys of one partition: as they stand in Redis, and as a {@link QueueModel} says that they must be. This is the
 * only place that knows how a model's state is spelt in keys.
 */
final class QueueImage {
    private static final String NEXT = "\u001f";
    private static final String PART = "\u001e";
    /** Scripts take the time and set an expiry one after the other. */
    private static final long CLOCK_MS = 1_000;

    /** Redis' clock in ms when it was read. */
    final long time;
    /**
     * Names without the prefix, and contents: fields of a hash and members of a set are sorted, members of a ZSET and
     * events of a stream are in order.
     */
    final Map<String, String> keys = new HashMap<>();
    /** When a key expires; nothing for one that does not. */
    final Map<String, Long> expiries = new HashMap<>();

    private final Map<String, String> lines = new HashMap<>();
    private final Map<String, Map<String, String>> parsed = new HashMap<>();

    private QueueImage(long time) {
        this.time = time;
    }

    /** Reads all keys in one step. Names of events in the streams of ends are times and left out. */
    private static final String READ = """
            #!lua flags=no-writes
            local commands = {hash = {'HGETALL'}, set = {'SMEMBERS'}, string = {'GET'}, list = {'LRANGE', 0, -1},
              zset = {'ZRANGE', 0, -1, 'WITHSCORES'}, stream = {'XRANGE', '-', '+'}}
            local time = redis.call('TIME')
            local all = {string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))}
            for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
              local kind = redis.call('TYPE', key).ok
              local name = string.sub(key, #ARGV[1] + 1)
              local command = commands[kind]
              local content = redis.call(command[1], key, unpack(command, 2))
              if kind == 'stream' then
                for i, entry in ipairs(content) do
                  local id = (name == 'ends' or name == 'dead') and '' or entry[1] .. ' '
                  content[i] = id .. table.concat(entry[2], ' ')
                end
              end
              if kind ~= 'string' then content = table.concat(content, '\\31') end
              all[#all + 1] = table.concat(
                {name, kind, string.format('%.0f', redis.call('PEXPIRETIME', key)), content}, '\\30')
            end
            return table.concat(all, '\\29')
            """;

    /** Reads what there is now; what is as it was in an earlier image is taken from there. */
    static Future<QueueImage> read(RedisLink link, String prefix, QueueImage earlier) {
        return link.send(Request.cmd(Command.EVAL).arg(READ).arg(0).arg(prefix))
                .map(r -> parse(new String(r.toBytes(), StandardCharsets.ISO_8859_1), earlier));
    }

    private static QueueImage parse(String text, QueueImage earlier) {
        String[] lines = text.split("\u001d", -1);
        QueueImage image = new QueueImage(Long.parseLong(lines[0]));
        for (int i = 1; i < lines.length; i++) {
            String line = lines[i];
            String name = line.substring(0, line.indexOf(PART));
            image.lines.put(name, line);
            if (line.equals(earlier.lines.get(name))) {
                image.keys.put(name, earlier.keys.get(name));
                image.expiries.computeIfAbsent(name, earlier.expiries::get);
                image.parsed.computeIfAbsent(name, earlier.parsed::get);
                continue;
            }
            String[] parts = line.split(PART, 4);
            image.keys.put(name, content(name, parts[1], parts[3]));
            long at = Long.parseLong(parts[2]);
            if (at >= 0) {
                image.expiries.put(name, at);
            }
        }
        return image;
    }

    private static String content(String name, String kind, String text) {
        return switch (kind) {
            case "hash" -> {
                TreeSet<String> fields = new TreeSet<>(pairs(items(text)));
                // Of a job, what is 0 may as well not be there.
                fields.removeIf(f -> name.startsWith("job:") && f.endsWith("=0"));
                yield String.join(NEXT, fields);
            }
            case "zset" -> String.join(NEXT, pairs(items(text)));
            case "set" -> String.join(NEXT, new TreeSet<>(items(text)));
            default -> text;
        };
    }

    private static List<String> pairs(List<String> items) {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < items.size(); i += 2) {
            pairs.add(items.get(i) + "=" + items.get(i + 1));
        }
        return pairs;
    }

    private static List<String> items(String content) {
        return List.of(content.split(NEXT, -1));
    }

    /** The fields of a hash, or the scores of a ZSET in its order; empty when there is no such key. */
    Map<String, String> fields(String key) {
        return keys.containsKey(key) ? parsed.computeIfAbsent(key, k -> split(keys.get(k))) : Map.of();
    }

    private static Map<String, String> split(String content) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String item : items(content)) {
            int at = item.indexOf('=');
            fields.put(item.substring(0, at), item.substring(at + 1));
        }
        return fields;
    }

    /** The entries of a stream. */
    List<String> entries(String key) {
        return keys.containsKey(key) ? items(keys.get(key)) : List.of();
    }

    /** That of nothing. */
    static QueueImage empty() {
        return new QueueImage(0);
    }

    /** What the model says. */
    static QueueImage of(QueueModel model) {
        QueueImage image = new QueueImage(0);
        for (QueueModel.Row row : model.jobs.values()) {
            if (row.image == null) {
                row.image = empty();
                row.image.putJob(row, model.settings.timeoutMs());
            }
            image.keys.putAll(row.image.keys);
            image.expiries.putAll(row.image.expiries);
        }
        model.keys.forEach((key, k) -> {
            image.keys.put("idem:" + key, "fingerprint=" + k.fingerprint() + NEXT + "id=" + k.id());
            image.expire("idem:" + key, model.jobs.get(k.id()));
        });
        model.accounts.forEach((owner, a) -> {
            image.keys.put(
                    "owner-sum:" + owner.name(),
                    String.join(
                            NEXT,
                            "bytes=" + a.bytes,
                            "live=" + model.live(owner).count(),
                            "posts_until=" + a.postsUntil,
                            "tag=" + a.tag,
                            "until=" + a.until,
                            "waiting="
                                    + model.live(owner)
                                            .filter(r -> r.status == JobStatus.QUEUED)
                                            .count()));
            image.expiries.put("owner-sum:" + owner.name(), a.until);
            Map<String, Long> kept = new HashMap<>();
            a.kept.forEach((id, k) -> kept.put(id + "|" + k.bytes(), k.expiresAt()));
            image.putSorted("owner-kept:" + owner.name(), kept);
            if (!kept.isEmpty()) {
                image.expiries.put("owner-kept:" + owner.name(), a.until);
            }
        });
        List<QueueModel.Row> queued = model.in(JobStatus.QUEUED).toList();
        queued.stream()
                .collect(Collectors.groupingBy(r -> r.spec.queue()))
                .forEach((queue, rows) -> image.putSorted("ready:" + queue, scores(rows, QueueModel.Row::score)));
        image.putSorted("deadline", scores(queued, r -> r.deadline));
        image.putSorted("lease", scores(model.in(JobStatus.RUNNING).toList(), r -> r.leaseEnd));
        Map<String, Long> gone = new HashMap<>();
        model.gone.forEach((id, at) -> gone.put(id.text(), at));
        image.putSorted("gone", gone);
        model.wakes.forEach((queue, n) -> image.keys.put("wake:" + queue, "1" + (NEXT + "1").repeat(n - 1)));
        image.putEnds("ends", "status", model.ends);
        image.putEnds("dead", "why", model.dead);
        Map<String, Object> stats = new TreeMap<>(model.counters);
        if (model.counters.containsKey("accepted")) {
            stats.put("queued_bytes", model.queuedBytes());
        }
        put(stats, "tag", model.tag);
        put(stats, "run_ms", model.runMs);
        put(stats, "full", model.full == null ? null : model.full ? "1" : "0");
        image.putHash("stats", stats);
        return image;
    }

    private void putJob(QueueModel.Row r, long timeoutMs) {
        String job = "job:" + r.id;
        Map<String, Object> h = new TreeMap<>();
        h.put("v", 1);
        h.put("owner", r.owner.name());
        h.put("queue", r.spec.queue());
        h.put("status", r.status);
        put(h, "fence", r.fence);
        put(h, "starts", (long) r.starts);
        h.put("max_starts", r.spec.maxStarts());
        h.put("tag", r.tag);
        h.put("score", r.score());
        h.put("spec", r.request);
        h.put("limits", r.limits);
        h.put("retention_ms", r.keepMs());
        h.put("queue_timeout_ms", timeoutMs);
        put(h, "interactive", r.spec.interactive() ? 1L : 0L);
        h.put("accepted_by", "here");
        h.put("created_at", r.createdAt);
        put(h, "stdout_bytes", r.out);
        put(h, "stderr_bytes", r.err);
        put(h, "file_bytes", r.fileBytes);
        h.put("spec_bytes", r.bytes());
        put(h, "idem", r.idem);
        put(h, "token", r.token);
        put(h, "node", r.node);
        put(h, "n", r.n);
        put(h, "started_at", r.startedAt);
        put(h, "cancel", r.cancelAt);
        if (r.status.isTerminal()) {
            h.put("finished_at", r.finishedAt);
            h.put("expires_at", r.expiresAt());
            h.put("result", r.resultText);
            h.put("kept_bytes", r.keptBytes);
        }
        put(h, "ended_by", r.endedBy);
        put(h, "end_event", r.endEvent);
        putHash(job, h);
        expire(job, r);
        if (r.log.size() > 1) { // the first event is written with the second one
            keys.put(
                    job + ":log",
                    r.log.stream()
                            .map(e -> e.fence() + "-" + e.n() + " k " + e.kind() + " t " + e.t() + " d " + e.data())
                            .collect(Collectors.joining(NEXT)));
            expire(job + ":log", r);
        }
        r.files.forEach((path, file) -> {
            keys.put(job + ":file:" + path, file.content());
            expiries.put(job + ":file:" + path, file.expiresAt());
        });
        if (!r.files.isEmpty()) {
            keys.put(job + ":files", String.join(NEXT, r.files.keySet()));
            expiries.put(
                    job + ":files",
                    r.files.values().stream()
                            .mapToLong(QueueModel.StoredFile::expiresAt)
                            .max()
                            .orElseThrow());
        }
    }

    private static void put(Map<String, Object> hash, String field, Object value) {
        if (value != null && !Long.valueOf(0).equals(value)) {
            hash.put(field, value);
        }
    }

    private void putHash(String key, Map<String, Object> hash) {
        if (!hash.isEmpty()) {
            keys.put(
                    key,
                    hash.entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .sorted()
                            .collect(Collectors.joining(NEXT)));
        }
    }

    private static Map<String, Long> scores(List<QueueModel.Row> rows, Function<QueueModel.Row, Long> score) {
        return rows.stream().collect(Collectors.toMap(r -> r.id.text(), score));
    }

    private void putSorted(String key, Map<String, Long> scores) {
        if (!scores.isEmpty()) {
            keys.put(
                    key,
                    scores.entrySet().stream()
                            .sorted(Map.Entry.<String, Long>comparingByValue()
                                    .thenComparing(Map.Entry.comparingByKey()))
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .collect(Collectors.joining(NEXT)));
        }
    }

    private void putEnds(String key, String field, List<QueueModel.End> ends) {
        if (!ends.isEmpty()) {
            keys.put(
                    key,
                    ends.stream()
                            .map(e -> "id " + e.id() + " " + field + " " + e.what())
                            .collect(Collectors.joining(NEXT)));
        }
    }

    private void expire(String key, QueueModel.Row row) {
        if (row.status.isTerminal()) {
            expiries.put(key, row.expiresAt());
        }
    }

    /** Whether all is as the other says. */
    boolean isAs(QueueImage must) {
        return keys.equals(must.keys)
                && keys.keySet().stream().allMatch(k -> Math.abs(expiry(k) - must.expiry(k)) <= CLOCK_MS);
    }

    /** What is not as the other says, one line for each key; empty when all is. */
    List<String> differences(QueueImage must) {
        List<String> lines = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(keys.keySet());
        names.addAll(must.keys.keySet());
        for (String name : names) {
            String is = keys.get(name);
            String mustBe = must.keys.get(name);
            if (is == null || mustBe == null || !is.equals(mustBe)) {
                lines.add(name + " is " + shown(is, mustBe) + ", must be " + shown(mustBe, is));
            } else if (Math.abs(expiry(name) - must.expiry(name)) > CLOCK_MS) {
                lines.add(name + " expires at " + expiry(name) + ", must at " + must.expiry(name) + " (-1: never)");
            }
        }
        lines.sort(Comparator.naturalOrder());
        return lines;
    }

    private long expiry(String key) {
        return expiries.getOrDefault(key, -1L);
    }

    /** A content, without what the other has as well. */
    private static String shown(String content, String other) {
        if (content == null) {
            return "not there";
        }
        List<String> left = new ArrayList<>(items(content));
        if (other != null) {
            List<String> theirs = items(other);
            if (!new TreeSet<>(left).equals(new TreeSet<>(theirs))) {
                left.removeAll(theirs);
            }
        }
        return left.toString();
    }
}
