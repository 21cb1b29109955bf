package dev.onpyrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two network namespaces as if they were two machines: each has a cable to this one, and there is one between them, which
 * can be pulled. They are gone with the processes that hold them, whatever becomes of the test.
 */
final class TwoMachines implements AutoCloseable {
    private static final String LONGEST_S = "300";
    /** Addresses that are nobody's (RFC 2544). */
    private final int block = (int) (ProcessHandle.current().pid() % 60) * 4;

    private final List<Process> holders = new ArrayList<>();

    TwoMachines() throws IOException {
        try {
            for (int i = 0; i < 2; i++) {
                Process holder = new ProcessBuilder("unshare", "--net", "sleep", LONGEST_S).start();
                holders.add(holder);
                Await.until("a network of its own", () -> !network(holder.pid()).equals(network(here())));
                String end = "opr" + here() + "-" + i;
                run("ip", "link", "add", end, "type", "veth", "peer", "name", "home", "netns", "" + holder.pid());
                run("ip", "address", "add", address(i, 1) + "/30", "dev", end);
                run("ip", "link", "set", end, "up");
                in(i, "ip", "link", "set", "lo", "up");
                in(i, "ip", "address", "add", host(i) + "/30", "dev", "home");
                in(i, "ip", "link", "set", "home", "up");
            }
            String other = String.valueOf(holders.get(1).pid());
            in(0, "ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", other);
            for (int i = 0; i < 2; i++) {
                in(i, "ip", "address", "add", busHost(i) + "/30", "dev", "cable");
                in(i, "ip", "link", "set", "cable", "up");
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private static long here() {
        return ProcessHandle.current().pid();
    }

    private static Path network(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net"));
    }

    private String address(int machine, int end) {
        return "198.18." + (block + machine) + "." + end;
    }

    /** Where this machine reaches one of them. */
    String host(int machine) {
        return address(machine, 2);
    }

    /** Where the other one reaches it. */
    String busHost(int machine) {
        return "198.19." + block + "." + (machine + 1);
    }

    /** What stands before a command that is to run there. */
    List<String> before(int machine) {
        return List.of(
                "nsenter",
                "--net",
                "--target",
                String.valueOf(holders.get(machine).pid()));
    }

    /** Pulls the cable between them. */
    void cut() throws IOException {
        in(0, "ip", "link", "set", "cable", "down");
    }

    void mend() throws IOException {
        in(0, "ip", "link", "set", "cable", "up");
    }

    private void in(int machine, String... command) throws IOException {
        List<String> all = new ArrayList<>(before(machine));
        all.addAll(List.of(command));
        run(all.toArray(String[]::new));
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said + " (it needs root)");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        holders.forEach(Process::destroyForcibly);
    }
}
