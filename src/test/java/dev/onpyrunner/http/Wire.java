package dev.onpyrunner.http;

import dev.onpyrunner.TestNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A plain socket to a node, for what a well-behaved HTTP client would not send. */
final class Wire implements AutoCloseable {
    private static final int TIMEOUT_MS = 20_000;

    private final Socket socket;

    private Wire(Socket socket) {
        this.socket = socket;
    }

    static Wire to(TestNode node) throws IOException {
        Socket socket = new Socket(node.uri("/").getHost(), node.uri("/").getPort());
        socket.setSoTimeout(TIMEOUT_MS);
        return new Wire(socket);
    }

    /** Sends text; '|' stands for the end of a line. */
    Wire send(String text) throws IOException {
        return sendRaw(text.replace("|", "\r\n"));
    }

    Wire sendRaw(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Ends what is sent, but goes on reading. */
    Wire endSending() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** One answer, with as much body as its Content-Length says. */
    Answer read() throws IOException {
        Answer answer = readHead();
        String length = answer.header("content-length");
        byte[] body = length == null ? new byte[0] : socket.getInputStream().readNBytes(Integer.parseInt(length));
        return new Answer(answer.head(), new String(body, StandardCharsets.UTF_8));
    }

    /** Reads to the end of the connection; how many bytes came. */
    long drain() throws IOException {
        return socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    }

    /** One answer without its body, which is left to be read. */
    Answer readHead() throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.UTF_8).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                return new Answer(head.toString(StandardCharsets.UTF_8), "");
            }
            head.write(b);
        }
        return new Answer(head.toString(StandardCharsets.UTF_8), "");
    }

    /** Whether the other side ends the connection. */
    boolean isEnded() throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    record Answer(String head, String body) {
        int status() {
            return head.isEmpty() ? 0 : Integer.parseInt(head.split(" ", 3)[1]);
        }

        String header(String name) {
            String start = name.toLowerCase(Locale.ROOT) + ":";
            return head.lines()
                    .filter(l -> l.toLowerCase(Locale.ROOT).startsWith(start))
                    .map(l -> l.substring(start.length()).trim())
                    .findFirst()
                    .orElse(null);
        }
    }
}
