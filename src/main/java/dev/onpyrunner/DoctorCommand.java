package dev.onpyrunner;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisCheck;
import dev.onpyrunner.redis.RedisSettings;
import dev.onpyrunner.runner.SelfTest;
import dev.onpyrunner.runner.SelfTest.Finding;
import dev.onpyrunner.runner.SelfTest.Held;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code doctor}: what this machine can enforce, tried for real. */
@Command(
        name = "doctor",
        description = "Try every limit and every denied system call in the real jail, under the node's settings.",
        footer = {
            "",
            "Exit code: 0 when everything holds or cannot be promised here; 1 when something that the settings",
            "promise is not held; 2 when it could not be tried."
        })
final class DoctorCommand implements Callable<Integer> {
    private static final int NOT_HELD = 1;

    @Option(names = "--config", paramLabel = "FILE", description = "Settings file.")
    private Path config;

    @Option(names = "--redis", paramLabel = "URL", description = "The Redis to look at (default: as in the settings).")
    private String redis;

    @Option(names = "--json", description = "Print the findings as JSON.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
        NodeConfig settings =
                NodeConfig.load(config, System.getenv(), redis == null ? Map.of() : Map.of("redis.url", redis));
        Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
        try {
            List<Finding> findings = new ArrayList<>();
            findings.add(machine());
            findings.add(redis(vertx, settings.redis(), settings.queue()));
            findings.addAll(Node.await(SelfTest.onThisMachine(
                    vertx,
                    settings.runnerSettings(Runtimes.find(settings.runner()).interpreters()),
                    settings.limits().standard())));
            print(findings);
            return findings.stream().anyMatch(f -> f.held() == Held.NO) ? NOT_HELD : 0;
        } finally {
            Node.await(vertx.close());
        }
    }

    private static Finding machine() {
        return new Finding(
                "this machine",
                Held.YES,
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch") + ", "
                        + Runtime.getRuntime().availableProcessors() + " cores");
    }

    private static Finding redis(Vertx vertx, NodeConfig.Redis settings, QueueSettings queue) {
        List<String> keys = JobStore.keysOfPartitions(queue);
        try {
            if (!settings.isEmbedded()) {
                PemFiles.check(settings.tls());
                RedisSettings shared = settings.settings();
                return new Finding("Redis", Held.YES, Node.await(RedisCheck.describe(vertx, shared, keys)));
            }
            try (TemporaryFolder folder = TemporaryFolder.create("onpyrunner-doctor-")) {
                EmbeddedRedis own = EmbeddedRedis.start(
                        settings.server(),
                        folder.path(),
                        settings.maxmemoryBytes(),
                        settings.fsync(),
                        settings.timeoutMs(),
                        () -> {});
                try {
                    return new Finding(
                            "Redis",
                            Held.YES,
                            "embedded: " + Node.await(RedisCheck.describe(vertx, own.settings(), keys)));
                } finally {
                    own.stop();
                }
            }
        } catch (IOException e) {
            return new Finding("Redis", Held.NO, e.getMessage());
        }
    }

    private void print(List<Finding> findings) {
        if (json) {
            ArrayNode list = new ObjectMapper().createArrayNode();
            for (Finding f : findings) {
                ObjectNode one = list.addObject();
                one.put("what", f.what()).put("held", word(f.held())).put("detail", f.detail());
            }
            System.out.println(list.toPrettyString());
            return;
        }
        int width = findings.stream().mapToInt(f -> f.what().length()).max().orElse(0);
        for (Finding f : findings) {
            System.out.printf("%-9s %-" + width + "s  %s%n", word(f.held()), f.what(), f.detail());
        }
        long not = findings.stream().filter(f -> f.held() == Held.NO).count();
        long unknown = findings.stream().filter(f -> f.held() == Held.UNKNOWN).count();
        System.out.println(
                not > 0
                        ? "\n" + not + " not held: a node does not start here until that is mended."
                        : unknown > 0
                                ? "\nNothing fails, but " + unknown + " cannot be promised here: see above."
                                : "\nEverything holds.");
    }

    private static String word(Held held) {
        return switch (held) {
            case YES -> "held";
            case NO -> "NOT HELD";
            case UNKNOWN -> "unknown";
        };
    }
}
