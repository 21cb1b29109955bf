package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.Script;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;

/**
 * A queue with a fault in one of its scripts: the classes of this package, loaded once more, find the script changed.
 * It shows what the comparison with the model is worth.
 *
 * @param script its name
 * @param line a part of it that is there once
 * @param instead what stands there in the mutant
 */
record QueueMutant(String script, String line, String instead) {
    /** In how many histories the fault is to be found. */
    private static final int ENOUGH = 400;

    @Override
    public String toString() {
        return script + ": " + line + " -> " + instead;
    }

    /** Plays random histories on the mutant until one is not as the model says. */
    String search(RedisLink link, long seed) throws ReflectiveOperationException {
        Class<?> histories = new Loader().loadClass(QueueHistories.class.getName());
        Method report = histories.getDeclaredMethod("report", RedisLink.class, long.class, int.class, boolean.class);
        report.setAccessible(true); // to the loaders these are two packages
        return (String) report.invoke(null, link, seed, ENOUGH, false);
    }

    private String text(String original) {
        int at = original.indexOf(line);
        if (at < 0 || original.indexOf(line, at + 1) >= 0) {
            throw new IllegalArgumentException("must be there once, as the mutant is to be made of it: " + this);
        }
        return original.substring(0, at) + instead + original.substring(at + line.length());
    }

    private final class Loader extends ClassLoader {
        Loader() {
            super(QueueMutant.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            boolean own =
                    name.startsWith(QueueMutant.class.getPackageName() + ".") || name.equals(Script.class.getName());
            if (!own) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                if (known != null) {
                    return known;
                }
                byte[] code = read(name.replace('.', '/') + ".class");
                return defineClass(name, code, 0, code.length);
            }
        }

        @Override
        public InputStream getResourceAsStream(String path) {
            byte[] content = read(path);
            return new ByteArrayInputStream(
                    path.equals("lua/" + script + ".lua")
                            ? text(new String(content, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8)
                            : content);
        }

        private byte[] read(String path) {
            try (InputStream in = getParent().getResourceAsStream(path)) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
