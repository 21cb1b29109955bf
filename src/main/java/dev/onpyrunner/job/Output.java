package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;

/** What a program has written in its latest start, byte for byte. */
public record Output(Buffer stdout, Buffer stderr) {}
