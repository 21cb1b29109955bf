package dev.onpyrunner.job;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Neighbouring events of one job's log, as clients see them.
 *
 * @param first place of the first event
 * @param last place of the last event
 * @param ended whether the last one is the job's end
 * @param json the events as the text of a JSON array
 */
public record EventBatch(EventId first, EventId last, boolean ended, String json) {
    /**
     * What one viewer is given at once, in characters of at most 3 bytes: it may hold that much while it reads nothing. One
     * event alone, 16 KiB of output, can be 96 KiB of JSON.
     */
    static final int LONG = 64 * 1024;

    /**
     * Puts events together.
     *
     * @param job the finished job, put into an end event; null when there is none
     */
    public static EventBatch of(List<JobEvent> events, Job job) {
        return of(events, job, Integer.MAX_VALUE);
    }

    /** Puts together as many of the first events as do not make it long, or the first alone. */
    static EventBatch page(List<JobEvent> events) {
        return of(events, null, LONG);
    }

    private static EventBatch of(List<JobEvent> events, Job job, int mostChars) {
        StringBuilder list = new StringBuilder("[");
        JobEvent last = null;
        for (JobEvent e : events) {
            JsonObject json = e.toJson();
            if (e.isEnd() && job != null) {
                json.put("job", job.toJson());
            }
            String text = json.encode();
            if (last != null && list.length() + text.length() > mostChars - 2) {
                break;
            }
            list.append(last == null ? "" : ",").append(text);
            last = e;
        }
        return new EventBatch(
                events.get(0).id(), last.id(), last.isEnd(), list.append(']').toString());
    }

    /** Whether it is more than a viewer may be given at once. */
    boolean isLong() {
        return json.length() > LONG;
    }
}
