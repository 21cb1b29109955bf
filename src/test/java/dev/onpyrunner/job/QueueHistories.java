package dev.onpyrunner.job;

import dev.onpyrunner.job.QueueHistory.Kind;
import dev.onpyrunner.job.QueueHistory.Outcome;
import dev.onpyrunner.job.QueueHistory.Step;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/** Random histories: each is drawn from a seed of its own, and one that fails is made as short as it can be. */
final class QueueHistories {
    /** Redis works on one while the others think. */
    private static final int AT_ONCE = 4;

    private static final int MIN_STEPS = 30;
    private static final int MAX_STEPS = 50;
    private static final Map<Kind, Integer> WEIGHTS = new EnumMap<>(Map.ofEntries(
            Map.entry(Kind.ACCEPT, 24),
            Map.entry(Kind.CLAIM, 20),
            Map.entry(Kind.EMIT, 12),
            Map.entry(Kind.FILE, 6),
            Map.entry(Kind.BEAT, 4),
            Map.entry(Kind.FINISH, 10),
            Map.entry(Kind.CANCEL, 6),
            Map.entry(Kind.RELEASE, 5),
            Map.entry(Kind.REAP, 12),
            Map.entry(Kind.PURGE, 4),
            Map.entry(Kind.CRASH, 2),
            Map.entry(Kind.LEASE_ENDS, 8),
            Map.entry(Kind.DEADLINE_ENDS, 3),
            Map.entry(Kind.RETENTION_ENDS, 3),
            Map.entry(Kind.LOSE, 2),
            Map.entry(Kind.FULL, 1)));
    private static final int SUM =
            WEIGHTS.values().stream().mapToInt(Integer::intValue).sum();

    private QueueHistories() {}

    /**
     * A history that was not as the model says.
     *
     * @param after how many had been begun
     */
    record Failure(long seed, int after, String text) {}

    /**
     * Plays the histories of the seeds from the given one on, until one fails.
     *
     * @param shrink whether to look for the shortest that fails
     */
    static Optional<Failure> search(RedisLink link, long seed, int count, boolean shrink) {
        AtomicInteger next = new AtomicInteger();
        AtomicReference<Failure> found = new AtomicReference<>();
        atOnce(AT_ONCE, i -> {
            for (int n = next.getAndIncrement(); n < count && found.get() == null; n = next.getAndIncrement()) {
                String wrong = playOne(link, seed + n, shrink);
                if (!wrong.isEmpty()) {
                    found.compareAndSet(null, new Failure(seed + n, n + 1, wrong));
                }
            }
            return i;
        });
        return Optional.ofNullable(found.get());
    }

    /** The same in words; empty when none fails. */
    static String report(RedisLink link, long seed, int count, boolean shrink) {
        return search(link, seed, count, shrink)
                .map(f -> "-Dmodel.seed=%d -Dmodel.histories=1 (history %d):%n%s"
                        .formatted(f.seed(), f.after(), f.text()))
                .orElse("");
    }

    private static <T> List<T> atOnce(int count, IntFunction<T> work) {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<T>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int one = i;
                all.add(threads.submit(() -> work.apply(one)));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> one : all) {
                results.add(one.get());
            }
            return results;
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        } finally {
            threads.shutdownNow();
        }
    }

    /**
     * What an exploration has seen.
     *
     * @param steps how many ended where they must
     * @param wrong of the first step that did not; empty when all did
     */
    record Explored(int states, int steps, String wrong) {}

    /**
     * Plays everything that can happen to two jobs and two workers in so many steps: from each state, once it is
     * reached, every step. A worker may die, or be paused, anywhere: that is when its claim is used no more, or late.
     */
    static Explored explore(RedisLink link, int depth) {
        // A first reap takes nothing.
        Map<List<Step>, Outcome> open =
                Map.of(List.of(new Step(Kind.REAP, 0, 0, 1)), new Outcome("", "", 0, List.of(0, 0)));
        Set<String> shapes = new HashSet<>();
        int taken = 0;
        for (int length = 1; length <= depth; length++) {
            List<Map.Entry<List<Step>, Outcome>> states = List.copyOf(open.entrySet());
            List<List<Outcome>> ends = atOnce(
                    states.size(),
                    i -> QueueHistory.playEach(
                            link,
                            Setup.USUAL,
                            states.get(i).getKey(),
                            stepsFrom(states.get(i).getValue())));
            open = new LinkedHashMap<>();
            for (int i = 0; i < ends.size(); i++) {
                List<Step> steps = stepsFrom(states.get(i).getValue());
                for (int s = 0; s < ends.get(i).size(); s++) {
                    Outcome end = ends.get(i).get(s);
                    if (!end.isRight()) {
                        return new Explored(shapes.size(), taken, end.wrong());
                    }
                    taken++;
                    if (shapes.add(end.shape())) {
                        List<Step> history = new ArrayList<>(states.get(i).getKey());
                        history.add(steps.get(s));
                        open.put(history, end);
                    }
                }
            }
        }
        return new Explored(shapes.size(), taken, "");
    }

    private static List<Step> stepsFrom(Outcome outcome) {
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(Kind.REAP, 0, 0, 1));
        if (outcome.jobs() < 2) {
            // Of one owner, so that the order does not depend on ids, and with two starts.
            steps.add(new Step(Kind.ACCEPT, 0, 0, 32));
        }
        for (int job = 0; job < outcome.jobs(); job++) {
            for (Kind kind : List.of(Kind.CANCEL, Kind.LEASE_ENDS, Kind.DEADLINE_ENDS, Kind.PURGE)) {
                steps.add(new Step(kind, 0, job, 0));
            }
        }
        for (int worker = 0; worker < outcome.claims().size(); worker++) {
            steps.add(new Step(Kind.CLAIM, worker, 0, 0));
            for (int claim = 0; claim < outcome.claims().get(worker); claim++) {
                for (Kind kind : List.of(Kind.EMIT, Kind.BEAT, Kind.FINISH, Kind.RELEASE)) {
                    steps.add(new Step(kind, worker, 8 * claim + 7, 3 * (kind == Kind.FINISH ? 1 : 0)));
                }
            }
        }
        return steps;
    }

    private static String playOne(RedisLink link, long seed, boolean shrink) {
        Random random = new Random(seed);
        // Small enough to be met now and then. A request is charged about 2,400 bytes.
        Setup setup = Setup.USUAL
                .withCaps(2 + random.nextInt(5), 2 + random.nextInt(4))
                .withBytes(2_500L * (2 + random.nextInt(8)), 2_300L * (1 + random.nextInt(9)))
                .withRate(random.nextInt(2) * 1_000, 1_000_000);
        List<Step> steps = new ArrayList<>();
        for (int left = MIN_STEPS + random.nextInt(MAX_STEPS - MIN_STEPS + 1); left > 0; left--) {
            steps.add(new Step(
                    kind(random.nextInt(SUM)),
                    random.nextInt(1 << 16),
                    random.nextInt(1 << 16),
                    random.nextInt(1 << 16)));
        }
        Outcome outcome = QueueHistory.play(link, setup, steps);
        if (outcome.isRight() || !shrink) {
            return outcome.wrong();
        }
        List<Step> shortest =
                shrink(steps, s -> !QueueHistory.play(link, setup, s).isRight());
        // Ids are random and time goes on, so it may be right this time.
        Outcome shorter = QueueHistory.play(link, setup, shortest);
        return (shorter.isRight() ? outcome : shorter).wrong();
    }

    private static Kind kind(int point) {
        int left = point;
        for (Map.Entry<Kind, Integer> e : WEIGHTS.entrySet()) {
            left -= e.getValue();
            if (left < 0) {
                return e.getKey();
            }
        }
        throw new IllegalArgumentException("no kind at " + point);
    }

    /** Leaves out what is not needed for a failure: first large pieces, then single steps. */
    private static List<Step> shrink(List<Step> steps, Predicate<List<Step>> fails) {
        List<Step> shortest = steps;
        for (int size = steps.size() / 2; size > 0; size /= 2) {
            for (int from = 0; from < shortest.size(); ) {
                List<Step> fewer = new ArrayList<>(shortest.subList(0, from));
                fewer.addAll(shortest.subList(Math.min(shortest.size(), from + size), shortest.size()));
                if (fails.test(fewer)) {
                    shortest = fewer;
                } else {
                    from += size;
                }
            }
        }
        return shortest;
    }
}
