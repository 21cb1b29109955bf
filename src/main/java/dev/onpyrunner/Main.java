package dev.onpyrunner;

import java.io.PrintWriter;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line. */
@Command(
        name = "onpyrunner",
        description = "Runs untrusted Python programs as durable jobs.",
        subcommands = {
            ServeCommand.class,
            RunCommand.class,
            JobsCommand.class,
            KeysCommand.class,
            StopCommand.class,
            DoctorCommand.class,
            CompletionCommand.class,
            WarmUpCommand.class
        },
        versionProvider = Main.Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        scope = CommandLine.ScopeType.INHERIT)
public final class Main {
    /** Exit code when the command itself cannot be carried out. */
    static final int FAILED = 2;

    private Main() {}

    public static void main(String[] args) {
        Thread.setDefaultUncaughtExceptionHandler(Main::uncaught);
        System.exit(commandLine().execute(args));
    }

    private static void uncaught(Thread thread, Throwable e) {
        Logger log = LoggerFactory.getLogger(Main.class); // not before a command has chosen how log lines look
        if (e instanceof RejectedExecutionException) {
            // Vert.x 5.1.1 hands the rest of a closed verticle's tasks to its pool once more, and by then that may have
            // ended. Nothing waits for them.
            log.debug("a task came after the end of its thread pool", e);
        } else {
            log.error("thread {} failed", thread.getName(), e);
        }
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((e, command, result) -> {
            PrintWriter err = command.getErr();
            err.println("onpyrunner: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            if (System.getenv("ONPY_DEBUG") != null) {
                e.printStackTrace(err);
            }
            return FAILED;
        });
        return line;
    }

    /** This release's number. */
    static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"OnPyRunner " + version()};
        }
    }
}
