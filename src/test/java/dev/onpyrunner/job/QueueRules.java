package dev.onpyrunner.job;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What must be so after each step whatever the step was, said of the keys alone and without the model: a model that is
 * wrong in the same way as the scripts would not hide it.
 */
final class QueueRules {
    private final QueueImage before;
    private final QueueImage after;
    private final List<String> broken = new ArrayList<>();

    private final List<String> jobs;

    private QueueRules(QueueImage before, QueueImage after) {
        this.before = before;
        this.after = after;
        this.jobs = jobs(after);
    }

    /**
     * The rules that a step has broken.
     *
     * @param reply what it answered
     */
    static List<String> broken(QueueImage before, QueueImage after, String reply) {
        QueueRules rules = new QueueRules(before, after);
        if (reply.startsWith(NotHolderException.class.getName())) {
            rules.hold(before.keys.equals(after.keys), "who does not hold the job changes nothing");
        }
        rules.sets();
        for (String job : rules.jobs) {
            rules.job(job, after.fields(job));
            if (before.keys.containsKey(job)) {
                rules.story(job, before.fields(job), after.fields(job));
            }
        }
        rules.order();
        return rules.broken;
    }

    private void hold(boolean holds, String rule) {
        if (!holds) {
            broken.add("broken: " + rule);
        }
    }

    private static List<String> jobs(QueueImage image) {
        return image.keys.keySet().stream()
                .filter(k -> k.startsWith("job:") && k.indexOf(':', 4) < 0)
                .toList();
    }

    private static String id(String job) {
        return job.substring("job:".length());
    }

    private static boolean isLive(Map<String, String> job) {
        return !JobStatus.valueOf(job.get("status")).isTerminal();
    }

    private static long number(Map<String, String> hash, String field) {
        return Long.parseLong(hash.getOrDefault(field, "0"));
    }

    /** Each job stands in the sets of its state and in no other, and the sums are those of the jobs. */
    private void sets() {
        Set<String> queued = new HashSet<>();
        Set<String> running = new HashSet<>();
        long queuedBytes = 0;
        for (String job : jobs) {
            Map<String, String> h = after.fields(job);
            if (h.get("status").equals("QUEUED")) {
                queued.add(id(job));
                queuedBytes += number(h, "spec_bytes");
                hold(
                        after.fields("ready:" + h.get("queue")).containsKey(id(job)),
                        "a queued job waits in its queue: " + job);
            } else if (h.get("status").equals("RUNNING")) {
                running.add(id(job));
            }
        }
        long ready = after.keys.keySet().stream()
                .filter(k -> k.startsWith("ready:"))
                .mapToLong(k -> after.fields(k).size())
                .sum();
        hold(ready == queued.size(), "only queued jobs wait to be claimed");
        hold(after.fields("deadline").keySet().equals(queued), "the depth is that of the queued jobs");
        hold(after.fields("lease").keySet().equals(running), "running jobs, and no others, have a lease");
        hold(
                number(after.fields("stats"), "queued_bytes") == queuedBytes,
                "the bytes that wait are those of the queued");
        for (String key : after.keys.keySet()) {
            if (key.startsWith("owner-sum:")) {
                account(key.substring("owner-sum:".length()));
            }
        }
    }

    private void account(String owner) {
        List<Map<String, String>> live = jobs.stream()
                .map(after::fields)
                .filter(h -> h.get("owner").equals(owner) && isLive(h))
                .toList();
        Map<String, String> sum = after.fields("owner-sum:" + owner);
        hold(number(sum, "live") == live.size(), "an owner's live jobs are counted until they end");
        long waiting =
                live.stream().filter(h -> h.get("status").equals("QUEUED")).count();
        hold(number(sum, "waiting") == waiting, "an owner's jobs are counted while they wait");
        long requests = live.stream().mapToLong(h -> number(h, "spec_bytes")).sum();
        long kept = after.fields("owner-kept:" + owner).keySet().stream()
                .mapToLong(k -> Long.parseLong(k.substring(k.indexOf('|') + 1)))
                .sum();
        hold(number(sum, "bytes") == requests + kept, "an owner's account is what its jobs take");
    }

    private void job(String job, Map<String, String> h) {
        boolean running = h.get("status").equals("RUNNING");
        hold(running == h.containsKey("token"), "a running job, and no other, has one holder: " + job);
        hold(number(h, "starts") <= number(h, "max_starts"), "no more starts than asked for: " + job);
        hold(isLive(h) != after.expiries.containsKey(job), "an ended job, and no other, expires: " + job);
        hold(isLive(h) != after.fields("gone").containsKey(id(job)), "an ended job, and no other, is buried: " + job);
        if (!Objects.equals(before.keys.get(job + ":log"), after.keys.get(job + ":log"))) {
            log(job, h);
        }
    }

    private void log(String job, Map<String, String> h) {
        EventId last = EventId.START;
        for (String event : after.entries(job + ":log")) {
            EventId place =
                    EventId.parse(event.substring(0, event.indexOf(' '))).orElseThrow();
            hold(place.isAfter(last), "a log goes on: " + job);
            last = place;
        }
        hold(last.fence() == number(h, "fence"), "the last event is of the latest start: " + job);
        boolean ended = after.keys.get(job + ":log").contains(" k end t ");
        hold(ended != isLive(h), "the log of an ended job, and of no other, has an end: " + job);
    }

    /** What may become of one job in one step. */
    private void story(String job, Map<String, String> was, Map<String, String> is) {
        List<String> events = after.entries(job + ":log");
        List<String> known = before.entries(job + ":log");
        hold(
                events.size() >= known.size() && events.subList(0, known.size()).equals(known),
                "a log only grows: " + job);
        hold(number(is, "fence") >= number(was, "fence"), "fences grow: " + job);
        if (!isLive(was)) {
            hold(was.equals(is) && known.equals(events), "an ended job never changes: " + job);
        }
        boolean starts = was.get("status").equals("QUEUED") && is.get("status").equals("RUNNING");
        hold(
                starts == number(is, "fence") > number(was, "fence"),
                "each start, and nothing else, has a new fence: " + job);
        hold(!was.containsKey("cancel") || is.containsKey("cancel"), "a cancel is not forgotten: " + job);
        hold(
                !was.containsKey("cancel") || !(starts || is.get("status").equals("QUEUED")),
                "a job that is to be cancelled never starts again: " + job);
        if (was.get("status").equals("RUNNING") && is.get("status").equals("QUEUED")) {
            hold(
                    events.size() == known.size() + 1
                            && events.get(known.size()).contains(" k requeued "),
                    "a job that ran waits again only with requeued: " + job);
            hold(
                    after.keys.keySet().stream().noneMatch(k -> k.startsWith(job + ":file")),
                    "a new start begins without files: " + job);
        }
    }

    /** Start-time fair queueing. */
    private void order() {
        for (String job : jobs) {
            Map<String, String> h = after.fields(job);
            if (!before.keys.containsKey(job)) {
                long owners = number(before.fields("owner-sum:" + h.get("owner")), "tag");
                long tag = Math.max(number(before.fields("stats"), "tag"), owners) + 1;
                hold(number(h, "tag") == tag, "a job comes after its owner's last and what runs: " + job);
            } else if (before.fields(job).get("status").equals("QUEUED")
                    && h.get("status").equals("RUNNING")) {
                Set<String> waiting = before.fields("ready:" + h.get("queue")).keySet();
                hold(waiting.iterator().next().equals(id(job)), "the first of a queue is claimed: " + job);
            }
        }
    }
}
