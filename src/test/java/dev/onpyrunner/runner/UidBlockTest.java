package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UidBlockTest {
    @TempDir
    private Path folder;

    @Test
    void two_nodes_have_different_users_and_a_free_block_is_used_again() throws Exception {
        UidBlock first = UidBlock.take(folder, 210_000);
        try (UidBlock second = UidBlock.take(folder, 210_000)) {
            assertThat(first.uid(0)).isEqualTo(210_000);
            assertThat(second.uid(0)).isGreaterThan(first.uid(1_999));
        }
        first.close();
        try (UidBlock again = UidBlock.take(folder, 210_000)) {
            assertThat(again.uid(3)).isEqualTo(210_003);
        }
    }

    @Test
    void a_lock_file_of_another_user_is_replaced() throws Exception {
        Path lock = folder.resolve("onpyrunner-uids-210000.lock");
        try (UidBlock block = UidBlock.take(folder, 210_000)) {
            assertThat(block.uid(0)).isEqualTo(210_000);
            assertThat(Files.getPosixFilePermissions(lock))
                    .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        }
        if ((Integer) Files.getAttribute(lock, "unix:uid") == 0) { // only root can give files away
            Files.setAttribute(lock, "unix:uid", 65_534);
            try (UidBlock block = UidBlock.take(folder, 210_000)) {
                assertThat(block.uid(0)).isEqualTo(210_000);
                assertThat(Files.getAttribute(lock, "unix:uid")).isEqualTo(0);
            }
        }
    }

    @Test
    void a_link_in_place_of_the_lock_is_not_followed() throws Exception {
        Path victim = folder.resolve("victim");
        Files.createSymbolicLink(folder.resolve("onpyrunner-uids-210000.lock"), victim);
        try (UidBlock block = UidBlock.take(folder, 210_000)) {
            assertThat(block.uid(0)).isNotEqualTo(210_000);
        }
        assertThat(victim).doesNotExist();
    }
}
