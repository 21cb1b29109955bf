package dev.onpyrunner.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
    private static final int FOLDERS = 50;
    private static final int FILES = 20;

    @TempDir
    Path temp;

    private Path tree() throws IOException {
        Path tree = temp.resolve("tree");
        for (int folder = 0; folder < FOLDERS; folder++) {
            Path inner = Files.createDirectories(tree.resolve("folder-" + folder));
            for (int file = 0; file < FILES; file++) {
                Files.writeString(inner.resolve("file-" + file), "text");
            }
        }
        return tree;
    }

    @Test
    void several_may_remove_the_same_tree_at_once() throws Exception {
        Path tree = tree();
        int threads = 4;
        CountDownLatch start = new CountDownLatch(threads);
        Callable<Void> remove = () -> {
            start.countDown();
            start.await();
            FileTree.delete(tree);
            return null;
        };
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Void>> ends = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                ends.add(pool.submit(remove));
            }
            for (Future<Void> end : ends) {
                end.get(30, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(tree).doesNotExist();
    }

    @Test
    void a_link_is_removed_and_not_followed() throws IOException {
        Path kept = Files.writeString(temp.resolve("kept"), "text");
        Path outside = Files.createDirectory(temp.resolve("outside"));
        Path within = Files.writeString(outside.resolve("within"), "text");
        Path tree = tree();
        Files.createSymbolicLink(tree.resolve("to-file"), kept);
        Files.createSymbolicLink(tree.resolve("to-folder"), outside);
        FileTree.delete(tree);
        assertThat(tree).doesNotExist();
        assertThat(kept).exists();
        assertThat(within).exists();
    }

    @Test
    void what_is_not_there_is_removed() throws IOException {
        Path none = temp.resolve("none");
        FileTree.delete(none);
        assertThat(none).doesNotExist();
    }
}
