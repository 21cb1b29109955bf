package dev.onpyrunner.job;

import io.vertx.core.json.JsonArray;
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
     * Puts events together.
     *
     * @param job the finished job, put into an end event; null when there is none
     */
    public static EventBatch of(List<JobEvent> events, Job job) {
        JsonArray list = new JsonArray();
        for (JobEvent e : events) {
            JsonObject json = e.toJson();
            if (e.isEnd() && job != null) {
                json.put("job", job.toJson());
            }
            list.add(json);
        }
        JobEvent last = events.get(events.size() - 1);
        return new EventBatch(events.get(0).id(), last.id(), last.isEnd(), list.encode());
    }
}
