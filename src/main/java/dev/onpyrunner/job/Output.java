package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;

/** What a program has written in its latest start, byte for byte. */
public record Output(Buffer stdout, Buffer stderr) {
    /** Nothing yet. */
    public static Output none() {
        return new Output(Buffer.buffer(), Buffer.buffer());
    }

    /** What is written once this has happened, too. Changes these buffers. */
    public Output with(JobEvent event) {
        return switch (event.kind()) {
            case JobEvent.OUT -> {
                stdout.appendBuffer(event.data());
                yield this;
            }
            case JobEvent.ERR -> {
                stderr.appendBuffer(event.data());
                yield this;
            }
            case JobEvent.REQUEUED -> none(); // what came of a start that does not count
            default -> this;
        };
    }
}
