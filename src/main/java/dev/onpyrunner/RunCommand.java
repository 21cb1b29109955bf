package dev.onpyrunner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code run}: runs a program as a job and behaves like it. */
@Command(
        name = "run",
        description = "Run a program in the jail and behave like it: its output, its exit code.",
        footer = {
            "",
            "The program's input is --stdin, or what is piped into this command, or what you",
            "type while it runs (Ctrl-D ends it, Ctrl-C stops the program). A running node is",
            "used, else a private one is started for this run.",
            "",
            "--collect: * and ? match within one name, ** any number of folders, [a-z] one",
            "of a set; put the pattern in quotes. Files are saved at the paths that they",
            "have in the program's folder. A file that is there already is left as it is,",
            "unless --force is given.",
            "",
            "Exit code: the program's; 128 + n when it died of signal n; 124 at a time",
            "limit, 137 at the memory limit, 153 at the output limit; 130 when cancelled;",
            "125 when the system failed; 2 when the job could not be started, or when it",
            "ended well but a file could not be saved."
        })
final class RunCommand implements Callable<Integer> {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long LAST_WORDS_S = 3;
    private static final int NOT_SAVED = 2;

    @Parameters(paramLabel = "FILE", description = "The program; - reads it from the standard input.")
    private String file;

    @Option(names = "--stdin", paramLabel = "FILE", description = "The program's input.")
    private Path stdin;

    @Option(names = "--arg", paramLabel = "A", description = "An argument of the program; may be repeated.")
    private List<String> args = List.of();

    @Option(
            names = "--runtime",
            paramLabel = "NAME",
            description = "The Python to run it with; by default the node's own choice.")
    private String runtime;

    @Option(names = "--limit", paramLabel = "NAME=N", description = "A limit, such as cpu_ms=2000; may be repeated.")
    private Map<String, Long> limits = new LinkedHashMap<>();

    @Option(
            names = "--collect",
            paramLabel = "GLOB",
            description = "Files of the program to save, such as '*.png' or 'out/**'; may be repeated.")
    private List<String> collect = List.of();

    @Option(
            names = "--into",
            paramLabel = "DIR",
            description = "The folder to save them in; by default the current one.")
    private Path into = Path.of("");

    @Option(names = "--force", description = "Replace files that are there already.")
    private boolean force;

    @Mixin
    private NodeAddress address;

    @Option(names = "--json", description = "Print the ended job as JSON instead of the program's output.")
    private boolean json;

    /** The input is typed while the program runs. */
    private boolean typed;

    @Override
    public Integer call() throws IOException, InterruptedException {
        System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
        FileSaver saver = new FileSaver(into, collect, force);
        String request = request();
        Optional<JobClient> running = address.find();
        if (running.isPresent()) {
            return run(running.get(), request, saver, () -> {});
        }
        try (PrivateNode node = PrivateNode.start()) {
            return run(new JobClient(node.url()), request, saver, node::close);
        }
    }

    private String request() throws IOException {
        ObjectNode job = MAPPER.createObjectNode();
        boolean programIsStdin = file.equals("-");
        byte[] program = programIsStdin ? System.in.readAllBytes() : read(Path.of(file));
        String entry = programIsStdin ? "main.py" : Path.of(file).getFileName().toString();
        job.put("entry", entry);
        job.putArray("files")
                .addObject()
                .put("path", entry)
                .put("content_base64", Base64.getEncoder().encodeToString(program));
        byte[] input = new byte[0];
        if (stdin != null) {
            input = read(stdin);
        } else if (!programIsStdin) {
            typed = isTerminal();
            input = typed ? input : System.in.readAllBytes();
        }
        job.put("interactive", typed);
        job.put("stdin_base64", Base64.getEncoder().encodeToString(input));
        job.set("args", MAPPER.valueToTree(args));
        if (runtime != null) {
            job.put("runtime", runtime);
        }
        job.set("limits", MAPPER.valueToTree(limits));
        job.set("collect", MAPPER.valueToTree(collect));
        return job.toString();
    }

    private static byte[] read(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new IOException(path + " is a folder.");
        }
        if (!Files.exists(path)) {
            throw new IOException("There is no file " + path + ".");
        }
        return Files.readAllBytes(path);
    }

    /** Whether a person types the input while the program runs. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false; // no standard input at all
        }
    }

    private int run(JobClient client, String request, FileSaver saver, Runnable afterwards)
            throws IOException, InterruptedException {
        String id = client.submit(request);
        CountDownLatch ended = new CountDownLatch(1);
        if (typed) {
            Thread typist = new Thread(() -> type(client, id, ended), "onpyrunner-input");
            typist.setDaemon(true); // it may wait at the terminal for ever
            typist.start();
        }
        Thread cancel = new Thread(() -> cancel(client, id, ended, afterwards), "onpyrunner-cancel");
        Runtime.getRuntime().addShutdownHook(cancel);
        PrintStream out = new PrintStream(
                new java.io.FileOutputStream(java.io.FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(
                new java.io.FileOutputStream(java.io.FileDescriptor.err), false, StandardCharsets.UTF_8);
        JsonNode job = client.follow(id, new JobClient.Viewer() {
            @Override
            public void output(boolean stderr, String text) {
                if (!json) {
                    (stderr ? err : out).print(text);
                    (stderr ? err : out).flush();
                }
            }

            @Override
            public void restarted() {
                err.println("\nonpyrunner: a worker was lost; the program starts again");
            }

            @Override
            public void note(String sentence) {
                err.println("onpyrunner: " + sentence);
            }
        });
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(cancel);
        } catch (IllegalStateException e) {
            return ExitCode.CANCELLED; // Ctrl-C: the hook does the rest
        }
        if (json) {
            out.println(client.get(id).toPrettyString());
            out.flush();
        }
        int code = exitCode(job, err);
        boolean saved = save(client, id, job.path("files"), saver, err);
        return code == 0 && !saved ? NOT_SAVED : code;
    }

    private static boolean save(JobClient client, String id, JsonNode files, FileSaver saver, PrintStream err)
            throws InterruptedException {
        List<String> failed = saver.save(files, (path, most) -> client.file(id, path, most));
        failed.forEach(sentence -> err.println("onpyrunner: " + sentence));
        saver.missing(files).forEach(sentence -> err.println("onpyrunner: " + sentence));
        return failed.isEmpty();
    }

    /** Hands on what is typed, line by line, until the program or the input ends. */
    private static void type(JobClient client, String id, CountDownLatch ended) {
        byte[] line = new byte[8192];
        try {
            int count;
            do {
                count = System.in.read(line);
                client.input(id, Arrays.copyOf(line, Math.max(0, count)), count < 0);
            } while (count >= 0 && ended.getCount() > 0);
        } catch (IOException e) {
            if (ended.getCount() > 0) {
                System.err.println("onpyrunner: the input did not reach the program: " + e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ctrl-C: the program is interrupted, and what it says then is still shown. */
    private static void cancel(JobClient client, String id, CountDownLatch ended, Runnable afterwards) {
        try {
            client.cancel(id);
            if (!ended.await(LAST_WORDS_S, TimeUnit.SECONDS)) {
                System.err.println("onpyrunner: the job did not end in time; it is being cancelled");
            }
        } catch (IOException e) {
            System.err.println("onpyrunner: the job could not be cancelled: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        afterwards.run();
    }

    private int exitCode(JsonNode job, PrintStream err) {
        if (!json && !ExitCode.isOwn(job)) {
            err.println("onpyrunner: " + job.path("message").asText());
            err.print(job.path("stack").asText()); // where it was when its time was over
        }
        return ExitCode.of(job);
    }
}
