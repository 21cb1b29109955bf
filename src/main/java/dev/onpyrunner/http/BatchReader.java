package dev.onpyrunner.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.http.Problem.FieldError;
import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobSpec;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads several jobs that are posted together: {@code jobs}, or one {@code program} and its {@code cases}. */
final class BatchReader {
    /** Most jobs of one batch. */
    static final int MOST = 1_000;

    private static final int MOST_ERRORS = 20;
    private static final Set<String> FIELDS = Set.of("jobs", "program", "cases");
    /** What differs from case to case; everything else is the program's. */
    private static final Set<String> CASE = Set.of("stdin", "stdin_base64", "args", "env", "files", "limits", "expect");

    private final HttpSettings settings;
    private final List<FieldError> wrong = new ArrayList<>();
    private Kind kind = Kind.TOO_LARGE;

    private BatchReader(HttpSettings settings) {
        this.settings = settings;
    }

    /**
     * Reads them.
     *
     * @throws Problem.Thrown as {@link JobReader#json}; pointers begin with the job's place, such as {@code /jobs/2}
     */
    static List<JobSpec> read(Buffer body, HttpSettings settings) {
        return new BatchReader(settings).read(JobReader.object(body));
    }

    private List<JobSpec> read(JsonNode root) {
        for (Map.Entry<String, JsonNode> e : root.properties()) {
            if (!FIELDS.contains(e.getKey())) {
                wrong("/" + JobReader.escape(e.getKey()), "There is no such field.");
            }
        }
        boolean cases = root.has("cases") || root.has("program");
        if (cases == root.has("jobs")) {
            wrong("", "Give jobs; or program and cases.");
        }
        refuse();
        return cases ? cases(root) : jobs(list(root, "jobs"));
    }

    private JsonNode list(JsonNode root, String name) {
        JsonNode list = root.path(name);
        if (!list.isArray() || list.isEmpty() || list.size() > MOST) {
            wrong("/" + name, "This must be a list of 1 to " + MOST + ".");
        }
        return list;
    }

    private List<JobSpec> jobs(JsonNode jobs) {
        refuse();
        List<JobSpec> specs = new ArrayList<>();
        for (int i = 0; i < jobs.size(); i++) {
            read("/jobs/" + i, "/jobs/" + i, jobs.get(i), Set.of(), specs);
        }
        refuse();
        return specs;
    }

    private List<JobSpec> cases(JsonNode root) {
        JsonNode program = root.path("program");
        if (!program.isObject()) {
            wrong("/program", "This must be an object: a job without what its cases say.");
        }
        JsonNode cases = list(root, "cases");
        refuse();
        copies(program.toString().length(), cases.size());
        List<JobSpec> specs = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            String at = "/cases/" + i;
            if (!cases.get(i).isObject()) {
                wrong(at, "This must be an object.");
                continue;
            }
            ObjectNode job = program.deepCopy();
            Set<String> own = Set.copyOf(names(cases.get(i)));
            for (Map.Entry<String, JsonNode> e : cases.get(i).properties()) {
                if (!CASE.contains(e.getKey())) {
                    wrong(at + "/" + JobReader.escape(e.getKey()), "A case cannot say this; the program can.");
                    continue;
                }
                if (e.getKey().startsWith("stdin")) {
                    job.remove(List.of("stdin", "stdin_base64"));
                }
                job.set(e.getKey(), e.getValue());
            }
            if (own.contains("stdin") && own.contains("stdin_base64")) {
                wrong(at + "/stdin_base64", "Give stdin or stdin_base64, not both.");
            }
            read("/program", at, job, own, specs);
        }
        refuse();
        return specs;
    }

    /** Each job holds the program again, so that a small request could be gigabytes of jobs. */
    private void copies(long bytes, int count) {
        long most = settings.caps().bodyBytes();
        if (bytes * count > most) {
            add(new FieldError(
                    "/cases",
                    "Each job holds the program: " + count + " times " + bytes + " bytes, and " + most
                            + " are allowed together. Send fewer cases with each request."));
        }
        refuse();
    }

    private static List<String> names(JsonNode node) {
        return node.properties().stream().map(Map.Entry::getKey).toList();
    }

    /** Reads one; what is wrong with a field that is its own is told at its place. */
    private void read(String at, String ownAt, JsonNode job, Set<String> own, List<JobSpec> specs) {
        if (!job.isObject()) {
            wrong(at, "This must be an object.");
            return;
        }
        try {
            specs.add(JobReader.part(job, settings));
        } catch (Problem.Thrown e) {
            Problem problem = e.problem();
            if (problem.kind() != Kind.TOO_LARGE) {
                kind = Kind.INVALID_JOB;
            }
            for (FieldError error : problem.errors()) {
                String field = error.pointer().split("/", 3)[1];
                add(new FieldError((own.contains(field) ? ownAt : at) + error.pointer(), error.detail()));
            }
        }
    }

    private void wrong(String at, String detail) {
        kind = Kind.INVALID_JOB;
        add(new FieldError(at, detail));
    }

    /** Each once: what is wrong with the program is so in each case. */
    private void add(FieldError error) {
        if (wrong.size() < MOST_ERRORS && !wrong.contains(error)) {
            wrong.add(error);
        }
    }

    private void refuse() {
        if (!wrong.isEmpty()) {
            String detail = wrong.size() == 1 ? wrong.get(0).detail() : wrong.size() + " fields are wrong; see errors.";
            throw new Problem.Thrown(new Problem(kind, detail, wrong, 0));
        }
    }
}
