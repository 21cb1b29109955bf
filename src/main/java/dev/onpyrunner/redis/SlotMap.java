package dev.onpyrunner.redis;

import io.vertx.redis.client.Response;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which master has which slots. Immutable.
 *
 * <p>A Redis that is no cluster is one master with all of them.
 */
final class SlotMap {
    private static final int SLOTS = 16_384;
    static final SlotMap NOTHING = new SlotMap(new TreeMap<>());

    /** By the first slot of each range. */
    private final NavigableMap<Integer, Range> ranges;

    private record Range(int last, String host) {}

    private SlotMap(NavigableMap<Integer, Range> ranges) {
        this.ranges = ranges;
    }

    static SlotMap all(String host) {
        return new SlotMap(new TreeMap<>(Map.of(0, new Range(SLOTS - 1, host))));
    }

    /**
     * Reads the reply to CLUSTER SLOTS.
     *
     * @param asked who gave it, as {@code host:port}; a node that does not know its own host has this one
     */
    static SlotMap of(Response reply, String asked) {
        NavigableMap<Integer, Range> ranges = new TreeMap<>();
        for (Response range : reply) {
            Response master = range.get(2);
            String name = master.get(0) == null ? "" : master.get(0).toString();
            ranges.put(
                    range.get(0).toInteger(),
                    new Range(range.get(1).toInteger(), host(name, master.get(1).toInteger(), asked)));
        }
        return new SlotMap(ranges);
    }

    /** As {@code host:port}, with brackets around an IPv6 address. */
    static String host(String name, int port, String asked) {
        String known = name.isEmpty() || name.equals("?") ? asked.substring(0, asked.lastIndexOf(':')) : name;
        boolean bare = known.indexOf(':') >= 0 && !known.startsWith("[");
        return (bare ? "[" + known + "]" : known) + ":" + port;
    }

    /** The master of a slot; null when there is none. */
    String hostOf(int slot) {
        Map.Entry<Integer, Range> entry = ranges.floorEntry(slot);
        return entry == null || entry.getValue().last() < slot
                ? null
                : entry.getValue().host();
    }

    /** All masters. */
    Set<String> hosts() {
        Set<String> hosts = new TreeSet<>();
        ranges.values().forEach(r -> hosts.add(r.host()));
        return hosts;
    }

    /** The same with one slot at another master. */
    SlotMap with(int slot, String host) {
        NavigableMap<Integer, Range> changed = new TreeMap<>(ranges);
        Map.Entry<Integer, Range> entry = changed.floorEntry(slot);
        if (entry != null && entry.getValue().last() >= slot) {
            Range old = entry.getValue();
            changed.remove(entry.getKey());
            if (entry.getKey() < slot) {
                changed.put(entry.getKey(), new Range(slot - 1, old.host()));
            }
            if (slot < old.last()) {
                changed.put(slot + 1, new Range(old.last(), old.host()));
            }
        }
        changed.put(slot, new Range(slot, host));
        return new SlotMap(changed);
    }
}
