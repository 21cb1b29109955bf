package dev.onpyrunner;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code completion}: what lets a shell complete commands and options. */
@Command(
        name = "completion",
        description = "Print what lets bash or zsh complete commands and options.",
        footer = {"", "For this shell: source <(./onpyrunner completion)", "For all: add that line to ~/.bashrc."})
final class CompletionCommand implements Callable<Integer> {
    /** Commands of the script that starts this program, which this program does not know otherwise. */
    private static final Map<String, List<String>> OF_THE_SCRIPT = new TreeMap<>(Map.of(
            "test",
            List.of(),
            "bench",
            List.of("--quick", "--parts", "--out", "--peer"),
            "runtimes",
            List.of("--dir")));

    @Override
    public Integer call() {
        CommandLine line = Main.commandLine();
        line.getSubcommands().values().stream()
                .filter(c -> c.getCommandSpec().usageMessage().hidden())
                .map(CommandLine::getCommandName)
                .toList()
                .forEach(name -> line.getCommandSpec().removeSubcommand(name));
        OF_THE_SCRIPT.forEach((name, options) -> {
            CommandSpec spec = CommandSpec.create().name(name);
            options.forEach(o -> spec.addOption(OptionSpec.builder(o).build()));
            line.addSubcommand(name, spec);
        });
        line.getSubcommands()
                .get("runtimes")
                .addSubcommand(
                        "list",
                        CommandSpec.create()
                                .addOption(OptionSpec.builder("--json").build()))
                .addSubcommand(
                        "add",
                        CommandSpec.create()
                                .addOption(OptionSpec.builder("--replace").build()))
                .addSubcommand("remove", CommandSpec.create())
                .addSubcommand("test", CommandSpec.create());
        System.out.print(AutoComplete.bash("onpyrunner", line));
        return 0;
    }
}
