package dev.onpyrunner.console;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Very many viewers of one job over WebSockets, all read by the thread of the test. */
final class Crowd implements AutoCloseable {
    private static final int SILENCE_MS = 20_000;

    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    private final List<Member> members = new ArrayList<>();
    private int reading;

    Crowd() throws IOException {}

    /** What one of them has seen: kept as a sum, so that thousands take little room. */
    static final class Member {
        private final CRC32 output = new CRC32();
        private ByteArrayOutputStream unread = new ByteArrayOutputStream();
        private boolean upgraded;
        private int closeCode;
        private String lastKind = "";

        long output() {
            return output.getValue();
        }

        String lastKind() {
            return lastKind;
        }

        int closeCode() {
            return closeCode;
        }

        private void take(byte[] bytes) throws IOException {
            unread.writeBytes(bytes);
            ByteBuffer all = ByteBuffer.wrap(unread.toByteArray());
            if (!upgraded) {
                int head = new String(all.array(), StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
                if (head < 0) {
                    return;
                }
                upgraded = true;
                all.position(head + 4);
            }
            while (frame(all)) {}
            unread = new ByteArrayOutputStream();
            unread.write(all.array(), all.position(), all.remaining());
        }

        /** Takes one frame of RFC 6455, section 5.2, if it is there to its end. */
        private boolean frame(ByteBuffer all) throws IOException {
            all.mark();
            if (all.remaining() >= 2) {
                int op = all.get() & 0x0f;
                int length = all.get();
                int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
                if (all.remaining() >= extended) {
                    length = extended == 2 ? all.getShort() & 0xffff : extended == 8 ? (int) all.getLong() : length;
                    if (all.remaining() >= length) {
                        byte[] payload = new byte[length];
                        all.get(payload);
                        took(op, payload);
                        return true;
                    }
                }
            }
            all.reset();
            return false;
        }

        private void took(int op, byte[] payload) throws IOException {
            if (op == 8) {
                closeCode = ByteBuffer.wrap(payload).getShort();
            } else if (op == 1) {
                for (JsonNode event : TestNode.JSON.readTree(payload).path("events")) {
                    lastKind = event.get("k").textValue();
                    if (lastKind.equals("out")) {
                        output.update(event.get("d").textValue().getBytes(StandardCharsets.UTF_8));
                    }
                }
            }
        }
    }

    List<Member> members() {
        return members;
    }

    /** Lets so many more of them come, who have asked for this and read nothing yet. */
    void join(TestNode node, String request, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open(
                    new InetSocketAddress(node.uri("/").getHost(), node.uri("/").getPort()));
            channel.write(ByteBuffer.wrap(request.replace("|", "\r\n").getBytes(StandardCharsets.UTF_8)));
            channel.configureBlocking(false);
            Member member = new Member();
            channel.register(selector, SelectionKey.OP_READ, member);
            members.add(member);
            reading++;
        }
    }

    /** Each of them sends this. */
    void send(byte[] bytes) throws IOException {
        for (SelectionKey key : selector.keys()) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                ((SocketChannel) key.channel()).write(left);
            }
        }
    }

    /** All read until each has seen an event of this kind last, or was closed. */
    void readUntil(String kind) throws IOException {
        while (members.stream().anyMatch(m -> !m.lastKind.equals(kind) && m.closeCode == 0)) {
            readSome();
        }
    }

    /** All read until the server has closed all connections. */
    void readToTheEnd() throws IOException {
        while (reading > 0) {
            readSome();
        }
    }

    private void readSome() throws IOException {
        if (selector.select(SILENCE_MS) == 0) {
            throw new AssertionError("nothing came for long; " + reading + " still read");
        }
        for (SelectionKey key : selector.selectedKeys()) {
            buffer.clear();
            int n = ((SocketChannel) key.channel()).read(buffer);
            byte[] bytes = new byte[Math.max(0, n)];
            buffer.flip().get(bytes);
            Member member = (Member) key.attachment();
            member.take(bytes);
            if (n < 0 || member.closeCode != 0) {
                key.channel().close();
                reading--;
            }
        }
        selector.selectedKeys().clear();
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
