package dev.onpyrunner;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.job.CollectedFile;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.JobFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * Saves the files that a job hands back, each below one folder at its path.
 *
 * <p>Their names come from a server, and there from a stranger's program. So only what was asked for is taken, nothing
 * is written outside the folder or through a link, and a file that is there already is left as it is, unless it may be
 * replaced.
 */
final class FileSaver {
    private final Path folder;
    private final List<String> patterns;
    private final boolean replace;

    /** Where the content comes from. */
    interface Source {
        /** A file's content; fails when it is longer than {@code most}. */
        byte[] read(String path, long most) throws IOException, InterruptedException;
    }

    /**
     * Makes a saver.
     *
     * @param patterns what was asked for
     * @throws IOException with a sentence when a pattern is wrong, or the folder is none
     */
    FileSaver(Path folder, List<String> patterns, boolean replace) throws IOException {
        for (String pattern : patterns) {
            String problem = Globs.problem(pattern);
            if (problem != null) {
                throw new IOException("--collect '" + pattern + "': " + problem);
            }
        }
        if (patterns.size() > Globs.MAX_PATTERNS) {
            throw new IOException("--collect can be given " + Globs.MAX_PATTERNS + " times.");
        }
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is not a folder.");
        }
        this.folder = folder;
        this.patterns = patterns;
        this.replace = replace;
    }

    /** What was asked for and not handed back, one sentence for each pattern. */
    List<String> missing(JsonNode files) {
        List<String> missing = new ArrayList<>();
        for (String pattern : patterns) {
            Globs glob = Globs.of(List.of(pattern));
            boolean found = false;
            for (JsonNode file : files) {
                found |= glob.matches(file.path("path").asText());
            }
            if (!found) {
                missing.add("no file matches '" + pattern + "'");
            }
        }
        return missing;
    }

    /** Saves the files that a job names; returns one sentence for each that is not saved. */
    List<String> save(JsonNode files, Source source) throws InterruptedException {
        List<String> failed = new ArrayList<>();
        Globs asked = Globs.of(patterns);
        long left = CollectedFile.MAX_TOTAL_BYTES;
        for (JsonNode file : files) {
            String path = file.path("path").asText();
            if (JobFile.pathProblem(path) != null || !asked.matches(path)) {
                failed.add(printable(path) + " was not asked for and is not saved");
                continue;
            }
            try {
                byte[] content = source.read(path, left);
                left -= content.length;
                save(path, content);
            } catch (FileAlreadyExistsException e) {
                failed.add(printable(path) + " is not saved: " + printable(e.getFile()) + " is there already"
                        + (replace ? "" : " (--force replaces files)"));
            } catch (IOException | IllegalArgumentException e) {
                // A name that this machine's character set does not have is an IllegalArgumentException.
                failed.add(printable(path) + " is not saved: " + printable(String.valueOf(e.getMessage())));
            }
        }
        return failed;
    }

    private void save(String path, byte[] content) throws IOException {
        Files.createDirectories(folder);
        Path target = folder;
        String[] steps = path.split("/");
        for (String step : Arrays.copyOf(steps, steps.length - 1)) {
            target = target.resolve(step);
            if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(target); // fails when a file or a link is there
            }
        }
        target = target.resolve(steps[steps.length - 1]);
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && hasContent(target, content)) {
            return;
        }
        if (!replace) {
            write(target, content);
            return;
        }
        Path whole = target.resolveSibling(".onpyrunner-" + UUID.randomUUID());
        write(whole, content);
        try {
            // Takes the place of a link, too, instead of what the link leads to.
            Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.delete(whole);
            throw Files.isDirectory(target) ? new FileAlreadyExistsException(target.toString()) : e;
        }
    }

    private static boolean hasContent(Path file, byte[] content) throws IOException {
        return Files.size(file) == content.length && Arrays.equals(Files.readAllBytes(file), content);
    }

    /** Writes a new file, whole or not at all. */
    private static void write(Path file, byte[] content) throws IOException {
        var out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (out) {
            out.write(content);
        } catch (IOException e) {
            Files.delete(file);
            throw e;
        }
    }

    /** What a terminal would not show but obey is left out. */
    private static String printable(String text) {
        return text.replaceAll("\\p{C}", "?");
    }
}
