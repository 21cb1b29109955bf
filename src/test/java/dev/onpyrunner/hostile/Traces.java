package dev.onpyrunner.hostile;

import dev.onpyrunner.NodeConfig;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is on this machine, as far as jobs of this node could have left or changed it.
 *
 * @param processes of the slots' users and in this node's control groups; more while a job runs
 * @param files that belong to the slots' users, where anybody may make some; more while a job runs
 * @param state everything that no job may change at all, by name
 */
record Traces(List<String> processes, List<String> files, Map<String, String> state) {
    private static final Path PROC = Path.of("/proc");
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final List<Path> COMMON_PLACES =
            List.of(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/var/tmp"), Path.of("/dev/shm"));
    private static final List<String> SETTINGS = List.of(
            "core_pattern",
            "modprobe",
            "hostname",
            "domainname",
            "sysrq",
            "randomize_va_space",
            "panic",
            "poweroff_cmd");
    private static final List<String> DEVICES = List.of("null", "zero", "full", "random", "urandom");
    private static final Pattern UID = Pattern.compile("Uid:\t(\\d+)");

    private static final int FIRST_USER =
            NodeConfig.load(null, System.getenv(), Map.of()).runner().uidBase();
    /** The names of this process' control groups begin so. */
    private static final String OWN_GROUP =
            "/onpyrunner-" + ProcessHandle.current().pid() + "-";

    static Traces look(Set<Integer> users) throws IOException {
        return new Traces(seenProcesses(users), seenFiles(users), seenState(users));
    }

    /** The users that slots of this node have, as far as they have a process: other nodes have others. */
    static Set<Integer> seenUsers() throws IOException {
        Set<Integer> users = new TreeSet<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path folder : folders) {
                int user = user(read(folder.resolve("status")));
                if (user >= FIRST_USER && read(folder.resolve("cgroup")).contains(OWN_GROUP)) {
                    users.add(user);
                }
            }
        }
        return users;
    }

    /** The processes alone: cheap enough to look after each program. */
    static List<String> seenProcesses(Set<Integer> users) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path folder : folders) {
                String status = read(folder.resolve("status"));
                if (users.contains(user(status))
                        || read(folder.resolve("cgroup")).contains(OWN_GROUP)) {
                    found.add(folder.getFileName() + " "
                            + status.lines().findFirst().orElse("is gone"));
                }
            }
        }
        return found;
    }

    /** The user of a process, by the text of its status; -1 when it has gone. */
    private static int user(String status) {
        var uid = UID.matcher(status);
        return uid.find() ? Integer.parseInt(uid.group(1)) : -1;
    }

    private static List<String> seenFiles(Set<Integer> users) throws IOException {
        List<String> found = new ArrayList<>();
        for (Path place : COMMON_PLACES) {
            if (!Files.isDirectory(place)) {
                continue;
            }
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
                for (Path entry : entries) {
                    String name = entry.getFileName().toString();
                    boolean ofNsjail = name.matches("nsjail\\.\\d+\\.(root|tmp)"); // used again by all later jails
                    boolean ofThisNode = name.startsWith(
                            "onpyrunner-" + ProcessHandle.current().pid() + "-");
                    if (ofThisNode) {
                        addFilesOfSlots(entry, users, found);
                    } else if (!ofNsjail && isOf(users, entry)) {
                        found.add(entry.toString());
                    }
                }
            }
        }
        return found;
    }

    private static void addFilesOfSlots(Path folder, Set<Integer> users, List<String> found) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                return visitFile(dir, attributes);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (isOf(users, file)) {
                    found.add(file.toString());
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // gone since it was listed
            }
        });
    }

    private static boolean isOf(Set<Integer> users, Path file) {
        try {
            return users.contains(Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS));
        } catch (IOException e) {
            return false; // gone since it was listed
        }
    }

    private static Map<String, String> seenState(Set<Integer> users) throws IOException {
        Map<String, String> state = new TreeMap<>();
        state.put("mounts", read(PROC.resolve("self/mountinfo")));
        state.put("control groups", groups().toString());
        for (String kind : List.of("shm", "sem", "msg")) {
            state.put("System V " + kind, linesOf(users, read(PROC.resolve("sysvipc/" + kind))));
        }
        for (String setting : SETTINGS) {
            state.put("kernel/" + setting, read(PROC.resolve("sys/kernel/" + setting)));
        }
        for (String device : DEVICES) {
            state.put(
                    "/dev/" + device,
                    Files.readAttributes(Path.of("/dev", device), "unix:mode,uid,gid,rdev")
                            .toString());
        }
        state.put("swap", read(PROC.resolve("swaps")));
        state.put("top folder", names(Path.of("/")).toString());
        state.put("/etc", names(Path.of("/etc")) + " " + Files.getLastModifiedTime(Path.of("/etc/passwd")));
        state.put("this process' limits", read(PROC.resolve("self/limits")));
        state.put("this process' place when memory is short", read(PROC.resolve("self/oom_score_adj")));
        return state;
    }

    /** The lines of a table that name one of these users. */
    private static String linesOf(Set<Integer> users, String table) {
        return table.lines()
                .filter(line -> users.stream().anyMatch(user -> line.matches(".*\\b" + user + "\\b.*")))
                .collect(Collectors.joining("\n"));
    }

    private static TreeSet<String> groups() throws IOException {
        TreeSet<String> found = new TreeSet<>();
        if (Files.isDirectory(GROUPS)) {
            Files.walkFileTree(GROUPS, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                    if (dir.toString().contains(OWN_GROUP)) {
                        found.add(dir.toString());
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // other nodes come and go
                }
            });
        }
        return found;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // the process has gone, or this kernel has no such file
        }
    }
}
