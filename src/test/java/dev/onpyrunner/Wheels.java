package dev.onpyrunner;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** An index of Python packages for tests: a folder with wheels that the test writes. */
record Wheels(Path folder) {

    static Wheels in(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new Wheels(folder);
    }

    /** Adds a package with these files, text or bytes, that needs others. */
    Wheels add(String name, String version, Map<String, ?> files, String... requires) throws IOException {
        String info = name + "-" + version + ".dist-info/";
        StringBuilder metadata =
                new StringBuilder("Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n");
        List.of(requires)
                .forEach(r -> metadata.append("Requires-Dist: ").append(r).append('\n'));
        Map<String, Object> all = new LinkedHashMap<>(files);
        all.put(info + "METADATA", metadata.toString());
        all.put(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        StringBuilder record = new StringBuilder();
        ByteArrayOutputStream wheel = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(wheel)) {
            for (Map.Entry<String, Object> file : all.entrySet()) {
                byte[] content = file.getValue() instanceof byte[] bytes
                        ? bytes
                        : String.valueOf(file.getValue()).getBytes(StandardCharsets.UTF_8);
                put(zip, file.getKey(), content);
                record.append(file.getKey() + ",sha256=" + hash(content) + "," + content.length + "\n");
            }
            put(zip, info + "RECORD", (record + info + "RECORD,,\n").getBytes(StandardCharsets.UTF_8));
        }
        Files.write(folder.resolve(name + "-" + version + "-py3-none-any.whl"), wheel.toByteArray());
        return this;
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }

    private static String hash(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
