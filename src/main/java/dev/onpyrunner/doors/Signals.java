package dev.onpyrunner.doors;

import java.util.List;
import java.util.Map;

/** The numbers of Linux' signals, on x86 and ARM: signal(7). */
final class Signals {
    private static final List<String> NAMES = List.of(
            "SIGHUP",
            "SIGINT",
            "SIGQUIT",
            "SIGILL",
            "SIGTRAP",
            "SIGABRT",
            "SIGBUS",
            "SIGFPE",
            "SIGKILL",
            "SIGUSR1",
            "SIGSEGV",
            "SIGUSR2",
            "SIGPIPE",
            "SIGALRM",
            "SIGTERM",
            "SIGSTKFLT",
            "SIGCHLD",
            "SIGCONT",
            "SIGSTOP",
            "SIGTSTP",
            "SIGTTIN",
            "SIGTTOU",
            "SIGURG",
            "SIGXCPU",
            "SIGXFSZ",
            "SIGVTALRM",
            "SIGPROF",
            "SIGWINCH",
            "SIGIO",
            "SIGPWR",
            "SIGSYS");
    private static final Map<String, String> ALIASES = Map.of("SIGPOLL", "SIGIO", "SIGIOT", "SIGABRT");
    private static final String KILL = "SIGKILL";

    private Signals() {}

    /** A signal's number; that of SIGKILL when there is none of this name. */
    static int number(String name) {
        int at = name == null ? -1 : NAMES.indexOf(ALIASES.getOrDefault(name, name));
        return (at < 0 ? NAMES.indexOf(KILL) : at) + 1;
    }
}
