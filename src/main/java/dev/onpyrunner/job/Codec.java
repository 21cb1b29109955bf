package dev.onpyrunner.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;

/** Records to JSON and back. A field that is not known is skipped: a newer node may have written it. */
final class Codec {
    private static final ObjectMapper MAPPER =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() {};

    private Codec() {}

    static JsonObject toJson(Record value) {
        return new JsonObject(MAPPER.convertValue(value, FIELDS));
    }

    static String toText(Record value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static <T extends Record> T fromJson(JsonObject json, Class<T> type) {
        return fromText(json.encode(), type);
    }

    static <T extends Record> T fromText(String json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
