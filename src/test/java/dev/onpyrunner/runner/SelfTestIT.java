package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.ChangedJail;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.SelfTest.Finding;
import dev.onpyrunner.runner.SelfTest.Held;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The self-test says what is held, and sees it when something is not. */
@Timeout(60)
class SelfTestIT {
    private static final Interpreter INTERPRETER = MachinePython.fresh();
    private static final Limits LIMITS = new Limits(5_000, 10_000, 1_000, 128 << 20, 1 << 20, 32, 16 << 20);

    @TempDir
    private Path folder;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));

    @AfterEach
    void close() {
        Await.get(vertx.close());
    }

    private List<Finding> findings(Path jailDir) {
        RunnerSettings settings = new RunnerSettings(
                2,
                0,
                List.of(INTERPRETER),
                INTERPRETER.python(),
                Path.of(System.getenv("ONPY_RUNNER_NSJAIL")),
                jailDir,
                210_000,
                3_000,
                0,
                Optional.empty());
        return Await.get(SelfTest.onThisMachine(vertx, settings, LIMITS));
    }

    private Path jail(String file, UnaryOperator<String> change) throws IOException {
        return ChangedJail.in(folder.resolve("jail"), file, change);
    }

    private static Finding finding(List<Finding> all, String what) {
        return all.stream().filter(f -> f.what().equals(what)).findFirst().orElseThrow();
    }

    @Test
    void everything_is_held_here() {
        List<Finding> findings = findings(Path.of("nsjail"));
        assertThat(findings).hasSizeGreaterThanOrEqualTo(14);
        assertThat(findings).filteredOn(f -> f.held() != Held.YES).isEmpty();
    }

    @Test
    void everything_is_held_with_a_pid_1_in_python_too() throws IOException {
        Path jail = jail("job.cfg", s -> s + "\n# the same jail, for a machine that init was not built for\n");
        for (String machine : List.of("x86_64", "aarch64")) {
            Files.delete(jail.resolve("init").resolve(machine).resolve("init"));
        }
        assertThat(findings(jail)).filteredOn(f -> f.held() != Held.YES).isEmpty();
    }

    @Test
    void an_open_system_call_is_seen() throws IOException {
        Path jail = jail("deny.kafel", s -> s.replace("process_vm_readv, ", ""));
        Finding calls = finding(findings(jail), "system calls");
        assertThat(calls.held()).isEqualTo(Held.NO);
        assertThat(calls.detail()).contains("process_vm_readv").doesNotContain("process_vm_writev");
    }

    @Test
    void a_kernel_that_shows_is_seen() throws IOException {
        Path jail = jail("job.cfg", s -> s.replace("subset=pid", "hidepid=0"));
        Finding files = finding(findings(jail), "files of this machine");
        assertThat(files.held()).isEqualTo(Held.NO);
        assertThat(files.detail()).contains("/proc/meminfo is there");
    }

    @Test
    void the_hosts_network_is_seen() throws IOException {
        Path jail = jail("job.cfg", s -> s.replace("clone_newnet: true", "clone_newnet: false"));
        Finding network = finding(findings(jail), "network");
        assertThat(network.held()).isEqualTo(Held.NO);
        assertThat(network.detail()).contains("127.0.0.1").contains("answers");
    }

    @Test
    void a_disk_without_end_is_seen() throws IOException {
        Path jail = jail("job.cfg", s -> s.replace("size=@DISK_BYTES@,nr_inodes=16384,mode=1777", "mode=1777"));
        Finding disk = finding(findings(jail), "disk");
        assertThat(disk.held()).isEqualTo(Held.NO);
        assertThat(disk.detail()).contains("/tmp");
    }
}
