package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** {@code api/openapi.yaml}, and whether an answer is one that it promises. */
public final class Contract {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    private static final String ANY = "*/*";
    private static final String SCHEMAS = "#/components/schemas/";

    private final JsonNode root;
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private final Set<String> seen = new TreeSet<>();

    public Contract() throws IOException {
        root = new YAMLMapper().readTree(Files.readAllBytes(Path.of("api/openapi.yaml")));
    }

    /** All operations, as {@code GET /path}. */
    Set<String> operations() {
        Set<String> all = new TreeSet<>();
        root.get("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(m -> {
                    if (METHODS.contains(m)) {
                        all.add(m.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey());
                    }
                }));
        return all;
    }

    /** All answers of an operation that have a status of their own. */
    public Set<String> promised() {
        Set<String> all = new TreeSet<>();
        for (String operation : operations()) {
            operation(operation).get("responses").fieldNames().forEachRemaining(status -> {
                if (!status.equals("default")) {
                    all.add(operation + " " + status);
                }
            });
        }
        return all;
    }

    /** All that {@link #check} has seen, in the form of {@link #promised}. */
    Set<String> seen() {
        return seen;
    }

    private JsonNode operation(String operation) {
        String[] words = operation.split(" ", 2);
        return root.get("paths").get(words[1]).get(words[0].toLowerCase(java.util.Locale.ROOT));
    }

    /** Checks status, headers, media type and body; {@code operation} is {@code GET /path} as the contract has it. */
    public void check(String operation, HttpResponse<String> response) throws IOException {
        String status = String.valueOf(response.statusCode());
        JsonNode responses = operation(operation).get("responses");
        boolean other = response.statusCode() >= 400 && !responses.has(status);
        JsonNode answer = resolve(responses.get(other ? "default" : status));
        assertThat(answer).as(operation + " promises no " + status).isNotNull();
        seen.add(operation + " " + status);
        for (Map.Entry<String, JsonNode> e : answer.path("headers").properties()) {
            JsonNode header = resolve(e.getValue());
            String value = response.headers().firstValue(e.getKey()).orElse(null);
            if (value == null) {
                assertThat(header.path("required").booleanValue())
                        .as(operation + " " + status + " without " + e.getKey())
                        .isFalse();
            } else {
                boolean number = header.at("/schema/type").asText().equals("integer");
                JsonNode typed = number ? new IntNode(Integer.parseInt(value)) : new TextNode(value);
                valid(header.get("schema"), typed, false, operation + " " + status + " " + e.getKey());
            }
        }
        if (!answer.has("content")) {
            assertThat(response.body()).as(operation + " " + status).isEmpty();
            return;
        }
        String type = response.headers().firstValue("Content-Type").orElse("").split(";", 2)[0];
        JsonNode contents = answer.get("content");
        JsonNode content = contents.get(contents.has(ANY) ? ANY : type);
        assertThat(content).as(operation + " " + status + " as " + type).isNotNull();
        if (type.endsWith("json")) {
            valid(content.get("schema"), TestNode.JSON.readTree(response.body()), true, operation + " " + status);
        }
    }

    /** Checks a value against a schema under components. */
    void checkSchema(String name, JsonNode value, boolean closed) {
        assertThat(errors(schema(name), value, closed)).as(name + ": " + value).isEmpty();
    }

    boolean isValid(String name, JsonNode value) {
        return errors(schema(name), value, false).isEmpty();
    }

    private static JsonNode schema(String name) {
        return TestNode.JSON.createObjectNode().put("$ref", SCHEMAS + name);
    }

    private void valid(JsonNode schema, JsonNode value, boolean closed, String what) {
        assertThat(errors(schema, value, closed)).as(what + ": " + value).isEmpty();
    }

    /** What is wrong with a value. {@code closed}: a field that the schema does not name is wrong, too. */
    private List<Error> errors(JsonNode schema, JsonNode value, boolean closed) {
        ObjectNode whole = TestNode.JSON.createObjectNode();
        whole.putArray("allOf").add(schema);
        if (closed) {
            whole.put("unevaluatedProperties", false);
        }
        whole.putObject("components").set("schemas", root.at("/components/schemas"));
        return registry.getSchema(whole)
                .validate(value, context -> context.executionConfig(c -> c.formatAssertionsEnabled(true)));
    }

    private JsonNode resolve(JsonNode node) {
        return node != null && node.has("$ref")
                ? root.at(node.get("$ref").textValue().substring(1))
                : node;
    }

    /** The examples of a request. */
    List<JsonNode> requestExamples(String operation, String type) {
        List<JsonNode> all = new ArrayList<>();
        operation(operation)
                .get("requestBody")
                .get("content")
                .get(type)
                .get("examples")
                .forEach(e -> all.add(resolve(e).get("value")));
        return all;
    }

    /** Checks every example in the document against the schema beside it; returns how many there are. */
    int checkExamples() {
        return checkExamples(root, "#");
    }

    private int checkExamples(JsonNode node, String at) {
        int count = 0;
        JsonNode schema = node.get("schema");
        if (schema != null) {
            if (node.has("example")) {
                valid(schema, node.get("example"), true, at);
                count++;
            }
            for (Map.Entry<String, JsonNode> e : node.path("examples").properties()) {
                valid(schema, resolve(e.getValue()).get("value"), isObject(schema), at + " " + e.getKey());
                count++;
            }
        } else if (at.startsWith(SCHEMAS)
                && node.has("type")
                && !node.get("type").isObject()) {
            List<JsonNode> examples = new ArrayList<>();
            if (node.get("examples") instanceof ArrayNode list) {
                list.forEach(examples::add);
            }
            if (node.has("example")) {
                examples.add(node.get("example"));
            }
            for (JsonNode example : examples) {
                valid(node, example, false, at);
                count++;
            }
        }
        for (Map.Entry<String, JsonNode> e : node.properties()) {
            if (!e.getKey().equals("examples") && !e.getKey().equals("example")) {
                count += checkExamples(e.getValue(), at + "/" + e.getKey());
            }
        }
        if (node.isArray()) {
            for (JsonNode each : node) {
                count += checkExamples(each, at + "/-");
            }
        }
        return count;
    }

    private boolean isObject(JsonNode schema) {
        return schema.has("$ref") && resolve(schema).path("type").asText().equals("object");
    }
}
