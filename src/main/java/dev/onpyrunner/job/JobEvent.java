package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/**
 * One entry of a job's event log.
 *
 * @param id its place
 * @param kind one of the names below; readers ignore others
 * @param t milliseconds since that start; since acceptance before the first
 * @param data the raw bytes: of output and input, the name of a state or a signal, or nothing. Output is cut between characters, so that each event can
 *     be decoded alone
 */
public record JobEvent(EventId id, String kind, long t, Buffer data) {
    public static final String STATE = "state";
    public static final String OUT = "out";
    public static final String ERR = "err";
    /** What the program was given while it ran. */
    public static final String IN = "in";
    /** The end of its input. */
    public static final String EOF = "eof";
    /** A signal that a client sent it. */
    public static final String SIGNAL = "signal";
    /** It waits for input; until the next event that is something else. */
    public static final String NEED_INPUT = "need_input";

    /** What the system does for it before it starts, in a sentence. */
    public static final String NOTE = "note";

    public static final String REQUEUED = "requeued";
    public static final String END = "end";

    /** How every log begins. */
    static final JobEvent FIRST = new JobEvent(new EventId(0, 1), STATE, 0, Buffer.buffer(JobStatus.QUEUED.name()));

    public boolean isEnd() {
        return kind.equals(END);
    }

    /** The event as clients see it: bytes that are not UTF-8 become U+FFFD. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("id", id.toString())
                .put("k", kind)
                .put("t", t)
                .put("d", data.toString());
    }
}
