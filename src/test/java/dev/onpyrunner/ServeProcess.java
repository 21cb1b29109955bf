package dev.onpyrunner;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The packaged program in a process of its own, which a test may kill. */
final class ServeProcess implements AutoCloseable {
    private static final Path JAR = Path.of("target", "onpyrunner.jar");
    private final Process process;
    private final String url;

    private ServeProcess(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    static ProcessBuilder command(String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-jar",
                JAR.toString()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }

    /** Starts {@code serve} and waits until it says that it is ready. */
    static ServeProcess start(Path data, Map<String, String> environment) throws IOException {
        return start(data, environment, List.of());
    }

    /** The same, by way of another command. */
    static ServeProcess start(Path data, Map<String, String> environment, List<String> before) throws IOException {
        ProcessBuilder builder = command("serve", "--port", "0", "--data", data.toString(), "--slots", "2");
        builder.command().add(0, "setsid"); // a process group of its own, which a test may signal
        builder.command().addAll(0, before);
        builder.environment().putAll(environment);
        return started(builder, data.resolveSibling(data.getFileName() + ".log"));
    }

    /** Starts a command that becomes a node. */
    static ServeProcess started(ProcessBuilder builder, Path log) throws IOException {
        builder.redirectError(log.toFile());
        Process process = builder.start();
        BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        if (line == null || !line.startsWith("OnPyRunner is ready: ")) {
            process.destroyForcibly();
            throw new IOException("the node did not start: " + line + "; " + Files.readString(log));
        }
        return new ServeProcess(process, line.split("\\s+", -1)[3]);
    }

    String url() {
        return url;
    }

    Process process() {
        return process;
    }

    /** All processes below it: Redis, jails, and what runs in them. */
    List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("the node did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
