import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Owner;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The queue alone: how fast jobs go in and out while few and many wait, and how much of what its HTTP server can do
 * accepting a job leaves. Run it as {@code ./onpyrunner bench queue}.
 */
public final class Queue {
    private static final String RUNTIME = "python3";
    private static final int AT_ONCE = 32;
    /** So many batches, until the JVM has compiled what they need. */
    private static final int WARM = 15;

    private static final Limits LIMITS = new Limits(1_000, 2_000, 1_000, 1 << 26, 1 << 20, 8, 1 << 20);
    private static final Result OK = new Result(Outcome.OK, 0, null, "Finished.", List.of(), new Usage(1, 1, 1, 1), null);

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    private final int rounds;
    private final int batch;
    /** What is kept of it. */
    private final JsonObject figures = new JsonObject();

    private Queue(int rounds, int batch) {
        this.rounds = rounds;
        this.batch = batch;
    }

    public static void main(String[] args) throws Exception {
        if (List.of(args).equals(List.of("bare"))) {
            Vertx bare = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
            await(bare.deployVerticle(new Bare()));
            return; // it serves until it is ended
        }
        System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
        int deepest = 100_000;
        int rounds = 10;
        int batch = 2_000;
        String json = null;
        for (int i = 0; i + 1 < args.length; i += 2) {
            if (args[i].equals("--json")) {
                json = args[i + 1];
                continue;
            }
            int value = Integer.parseInt(args[i + 1]);
            switch (args[i]) {
                case "--deepest" -> deepest = value;
                case "--rounds" -> rounds = value;
                case "--batch" -> batch = value;
                default -> usage();
            }
        }
        if (args.length % 2 != 0) {
            usage();
        }
        Queue queue = new Queue(rounds, batch);
        try {
            queue.depths(List.of(10, Math.min(1_000, deepest), deepest));
            queue.http();
            if (json != null) {
                Files.writeString(Path.of(json), queue.figures.encode() + "\n");
            }
        } finally {
            queue.vertx.close().toCompletionStage().toCompletableFuture().join();
        }
        System.exit(0);
    }

    private static void usage() {
        System.err.println("Usage: ./onpyrunner bench queue [--deepest JOBS] [--rounds N] [--batch N] [--json FILE]");
        System.exit(2);
    }

    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }

    /** Times of one kind of work: of each operation, and of whole batches. */
    private static final class Times {
        private final List<Double> ms = Collections.synchronizedList(new ArrayList<>());
        private final List<Double> rates = new ArrayList<>();

        private static double at(List<Double> values, double part) {
            List<Double> sorted = new ArrayList<>(values);
            Collections.sort(sorted);
            return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(sorted.size() * part)));
        }

        double rate() {
            return at(rates, 0.5);
        }

        /** What part of another rate this is: the median over the rounds, whose halves stand next to each other. */
        double reaches(Times other) {
            List<Double> parts = new ArrayList<>();
            for (int i = 0; i < rates.size(); i++) {
                parts.add(rates.get(i) / other.rates.get(i));
            }
            return at(parts, 0.5);
        }

        JsonObject json() {
            return new JsonObject().put("times_ms", new JsonArray(ms)).put("rates", new JsonArray(rates));
        }

        String line() {
            return String.format(Locale.ROOT, "%7.0f /s   p50 %6.2f ms   p99 %6.2f ms", rate(), at(ms, 0.5), at(ms, 0.99));
        }
    }

    /** Runs a batch of operations, {@link #AT_ONCE} at a time, and notes how long it took. */
    private void batch(Times times, int size, Supplier<Future<?>> operation) {
        long began = System.nanoTime();
        List<Future<Void>> lanes = new ArrayList<>();
        for (int lane = 0; lane < AT_ONCE; lane++) {
            lanes.add(lane(times, size / AT_ONCE, operation));
        }
        await(Future.all(lanes));
        times.rates.add(size / AT_ONCE * AT_ONCE / ((System.nanoTime() - began) / 1e9));
    }

    private Future<Void> lane(Times times, int left, Supplier<Future<?>> operation) {
        if (left == 0) {
            return Future.succeededFuture();
        }
        long began = System.nanoTime();
        return operation.get().compose(r -> {
            times.ms.add((System.nanoTime() - began) / 1e6);
            return lane(times, left - 1, operation);
        });
    }

    // --- How fast jobs go in and out, while so many wait ---

    private record Depth(int jobs, JobStore store, Times accept, Times run) {}

    private void depths(List<Integer> depths) throws Exception {
        try (Server redis = Server.start()) {
            List<Depth> all = new ArrayList<>();
            for (int jobs : depths) {
                JobStore store = new JobStore(await(RedisLink.open(vertx, redis.redis.settings(), "bench")), settings("d" + jobs));
                Depth depth = new Depth(jobs, store, new Times(), new Times());
                System.err.printf("%,d jobs are queued …%n", jobs);
                batch(new Times(), (jobs + AT_ONCE) / AT_ONCE * AT_ONCE, () -> accept(depth));
                batch(new Times(), WARM * batch / 10, () -> accept(depth).compose(a -> run(depth)));
                all.add(depth);
            }
            for (int round = 0; round < rounds; round++) {
                for (Depth depth : all) {
                    batch(depth.accept, batch, () -> accept(depth));
                    batch(depth.run, batch, () -> run(depth));
                }
            }
            System.out.printf("%nScripts alone, %d at once, in turns (%d × %d of each)%n", AT_ONCE, rounds, batch);
            Depth least = all.get(0);
            JsonArray depthFigures = new JsonArray();
            figures.put("depths", depthFigures);
            for (Depth d : all) {
                depthFigures.add(new JsonObject()
                        .put("jobs", d.jobs)
                        .put("accept", d.accept.json())
                        .put("run", d.run.json()));
                System.out.printf(
                        Locale.ROOT,
                        "%,8d wait: accept         %s   × %.2f%n%s claim + finish %s   × %.2f%n",
                        d.jobs,
                        d.accept.line(),
                        d.accept.rate() / least.accept.rate(),
                        " ".repeat(14),
                        d.run.line(),
                        d.run.rate() / least.run.rate());
            }
        }
    }

    private int owners;

    private Future<?> accept(Depth depth) {
        JobSpec spec = new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer("print('hello')\n"))),
                "main.py",
                Buffer.buffer(),
                List.of(),
                Map.of(),
                RUNTIME,
                LIMITS,
                4,
                60,
                2);
        return depth.store.accept(new Owner("ip:10.0.0." + owners++ % 100), spec, Optional.empty(), "");
    }

    private Future<?> run(Depth depth) {
        return depth.store.claim(0, List.of(RUNTIME), "bench").compose(c -> {
            Claim claim = c.orElseThrow();
            return depth.store.finish(claim, List.of(), 2, JobStatus.DONE, OK);
        });
    }

    private static QueueSettings settings(String prefix) {
        return new QueueSettings(prefix, 1, 1 << 30, 1L << 50, 1 << 30, 1L << 50, 1 << 23, 0, 1, 100, 60_000, 3_600_000);
    }

    /** A Redis of its own. */
    private record Server(EmbeddedRedis redis, Path folder) implements AutoCloseable {
        static Server start() throws Exception {
            Path folder = Files.createTempDirectory("onpyrunner-bench-");
            String program = System.getenv().getOrDefault("ONPY_REDIS_SERVER", "redis-server");
            return new Server(EmbeddedRedis.start(program, folder, 2L << 30, EmbeddedRedis.Fsync.EVERYSEC, 5_000, () -> {}), folder);
        }

        @Override
        public void close() throws Exception {
            redis.stop();
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
    }

    // --- What accepting a job leaves of what the HTTP server can do ---

    /** In the place of accept.lua, and of what is put in after its first line: of each job, a reply as of a new one. */
    private static final String TRIVIAL =
            "do local r = {} for i = 3, #KEYS, 5 do r[#r + 1] = {'OK', '1', 0, 0, '1', '0', 0} end return r end\n";

    private void http() throws Exception {
        try (Server redis = Server.start()) {
            String url = Files.readString(redis.folder.resolve("redis.url")).trim(); // as other nodes find it
            Map<String, String> caps = Map.of(
                    "ONPY_REDIS_URL", url,
                    "ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT", "0",
                    "ONPY_QUEUE_MAX_QUEUED", "10000000",
                    "ONPY_QUEUE_MAX_QUEUED_BYTES", "100000000000",
                    "ONPY_QUEUE_MAX_LIVE_PER_CLIENT", "10000000",
                    "ONPY_QUEUE_MAX_STORED_BYTES_PER_CLIENT", "100000000000");
            String product = System.getProperty("java.class.path");
            Path scripts = redis.folder.resolve("scripts");
            Files.createDirectories(scripts.resolve("lua"));
            Files.writeString(scripts.resolve("lua/accept.lua"), TRIVIAL);
            String changed = scripts + File.pathSeparator + product;
            try (Child node = Child.start(caps, product, serve(redis, "node"));
                    Child same = Child.start(caps, changed, serve(redis, "same"));
                    Child bare = Child.start(caps, product, "bench/Queue.java", "bare")) {
                HttpClient client = vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(AT_ONCE));
                Buffer body = new JsonObject().put("source", "print('hello')\n").toBuffer();
                Map<Child, Times> lanes = new LinkedHashMap<>();
                List.of(node, same, bare).forEach(server -> lanes.put(server, new Times()));
                System.err.println("three servers warm up …");
                for (Child server : lanes.keySet()) {
                    batch(new Times(), WARM * batch, () -> post(client, server.port, body));
                }
                for (int round = 0; round < rounds; round++) {
                    lanes.forEach((server, times) -> batch(times, batch, () -> post(client, server.port, body)));
                }
                Times accept = lanes.get(node);
                figures.put("node", accept.json())
                        .put("node_trivial_script", lanes.get(same).json())
                        .put("http_only", lanes.get(bare).json());
                System.out.printf("%nPOST /v1/jobs, %d at once, in turns (%d × %d of each)%n", AT_ONCE, rounds, batch);
                System.out.printf("a node                            %s%n", accept.line());
                System.out.printf("the same node, trivial EVALSHA    %s%n", lanes.get(same).line());
                System.out.printf("nothing but HTTP, trivial EVALSHA %s%n", lanes.get(bare).line());
                System.out.printf(
                        Locale.ROOT,
                        "accept reaches × %.2f of the same node with a trivial EVALSHA, × %.2f of nothing but HTTP%n",
                        accept.reaches(lanes.get(same)),
                        accept.reaches(lanes.get(bare)));
            }
        }
    }

    private static String[] serve(Server redis, String data) {
        String folder = redis.folder.resolve(data).toString();
        return new String[] {"dev.onpyrunner.Main", "serve", "--role", "http", "--port", "0", "--data", folder};
    }

    /** A server in a process of its own, which prints its address once it is ready. */
    private record Child(Process process, int port) implements AutoCloseable {
        static Child start(Map<String, String> environment, String classPath, String... program) throws Exception {
            String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            List<String> command = new ArrayList<>(List.of(java, "-cp", classPath));
            command.addAll(List.of(program));
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().putAll(environment);
            Process process = builder.start();
            String said = process.inputReader().readLine();
            if (said == null) {
                throw new IllegalStateException("a server did not start: " + command);
            }
            return new Child(process, Integer.parseInt(said.replaceAll(".*:([0-9]+).*", "$1")));
        }

        @Override
        public void close() throws Exception {
            process.destroy();
            process.waitFor();
        }
    }

    /** An HTTP server of the same kind, which does nothing with a request but one script that does nothing. */
    private static final class Bare extends VerticleBase {
        @Override
        public Future<?> start() {
            RedisSettings redis = RedisSettings.of(System.getenv("ONPY_REDIS_URL"), 5_000);
            Buffer answer = new JsonObject().put("status", "QUEUED").toBuffer();
            return RedisLink.open(vertx, redis, "bare").compose(link -> link.send(Request.cmd(Command.SCRIPT)
                            .arg("LOAD")
                            .arg("return 1"))
                    .compose(sha -> {
                        Router router = Router.router(vertx);
                        router.post("/v1/jobs").handler(BodyHandler.create(false)).handler(ctx -> link.send(Request.cmd(Command.EVALSHA)
                                        .arg(sha.toString())
                                        .arg(0))
                                .onSuccess(r -> ctx.response()
                                        .setStatusCode(202)
                                        .putHeader("Content-Type", "application/json")
                                        .end(answer))
                                .onFailure(ctx::fail));
                        return vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1");
                    })
                    .onSuccess(server -> System.out.println("ready: http://127.0.0.1:" + server.actualPort())));
        }
    }

    private static Future<?> post(HttpClient client, int port, Buffer body) {
        return client.request(HttpMethod.POST, port, "127.0.0.1", "/v1/jobs")
                .compose(request ->
                        request.putHeader("Content-Type", "application/json").send(body))
                .compose(response -> response.statusCode() == 202
                        ? response.body()
                        : Future.failedFuture("status " + response.statusCode()));
    }
}
