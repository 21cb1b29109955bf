package dev.onpyrunner.console;

import dev.onpyrunner.TestNode;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that asks and then does not read. */
final class SlowViewer implements AutoCloseable {
    private static final int LITTLE = 16_384;

    private final Socket socket = new Socket();

    SlowViewer(TestNode node, String request) throws IOException {
        socket.setReceiveBufferSize(LITTLE);
        socket.connect(
                new InetSocketAddress(node.uri("/").getHost(), node.uri("/").getPort()));
        socket.getOutputStream().write(request.replace("|", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    InputStream in() throws IOException {
        return socket.getInputStream();
    }

    /** Reads the head of the answer and nothing after it. */
    SlowViewer awaitHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in().read();
            if (b < 0) {
                throw new IOException("no answer: " + head);
            }
            head.append((char) b);
        }
        return this;
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** What this process, the node in it, holds in memory, in bytes. */
    static long memory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory() + PlatformDependent.usedDirectMemory();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
