package dev.onpyrunner;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line. */
@Command(
        name = "onpyrunner",
        description = "Runs untrusted Python programs as durable jobs.",
        subcommands = {ServeCommand.class, RunCommand.class, WarmUpCommand.class},
        versionProvider = Main.Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        scope = CommandLine.ScopeType.INHERIT)
public final class Main {
    /** Exit code when the command itself cannot be carried out. */
    static final int FAILED = 2;

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
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

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"OnPyRunner " + (version == null ? "(not packaged)" : version)};
        }
    }
}
