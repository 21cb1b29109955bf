package dev.onpyrunner.job;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Whose job it is: caps and fairness are per owner.
 *
 * @param name such as {@code ip:127.0.0.1}; it becomes part of a Redis key
 */
public record Owner(String name) {
    public Owner {
        if (name.isBlank() || name.length() > 200) {
            throw new IllegalArgumentException("not an owner's name");
        }
    }

    /** The partition in which all jobs of this owner live: {@code hash(owner) mod partitions}. */
    public int partition(int partitions) {
        CRC32 crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return (int) (crc.getValue() % partitions);
    }
}
