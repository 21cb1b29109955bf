package dev.onpyrunner.job;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The runtimes that the cluster's nodes have, as far as this node has heard: its own, and those that others announced in
 * the last quarter of an hour. So jobs are still taken for nodes that are being restarted. Any thread may ask.
 */
public final class RuntimeCatalog {
    private static final Pattern MISSING = Pattern.compile("(?m)^ModuleNotFoundError: No module named '([^'.]+)");

    private final String standard;
    private final List<RuntimeInfo> own;
    private volatile SortedMap<String, RuntimeInfo> known;

    /**
     * Makes one that knows this node's.
     *
     * @param standard name of the runtime of jobs that name none
     */
    public RuntimeCatalog(String standard, List<RuntimeInfo> own) {
        this.standard = standard;
        this.own = List.copyOf(own);
        saw(List.of());
    }

    /** Takes what nodes have announced. */
    public void saw(Collection<RuntimeInfo> announced) {
        SortedMap<String, RuntimeInfo> all = new TreeMap<>();
        announced.forEach(r -> all.put(r.name(), r));
        own.forEach(r -> all.put(r.name(), r));
        known = all;
    }

    /** The name of the runtime of jobs that name none. */
    public String standard() {
        return standard;
    }

    /** Those of this node. */
    public List<RuntimeInfo> own() {
        return own;
    }

    /** All, by name. */
    public Collection<RuntimeInfo> all() {
        return known.values();
    }

    /** Whether jobs are taken for it: for the standard one always, even before any node has announced it. */
    public boolean has(String name) {
        return name.equals(standard) || known.containsKey(name);
    }

    /** The names of all that {@link #has} knows. */
    public Set<String> names() {
        Set<String> all = new TreeSet<>(known.keySet());
        all.add(standard);
        return all;
    }

    /** Whether a program ended for want of a module; {@code stderr} is the end of what it wrote. */
    public static boolean lacksModule(String stderr) {
        return MISSING.matcher(stderr).find();
    }

    /**
     * Where a program would have found a module that it did not find.
     *
     * @param stderr the end of what it wrote
     * @param runtime what it ran with
     * @return one sentence; empty when nothing was missing, or no other runtime has it
     */
    public Optional<String> hint(String stderr, String runtime) {
        Matcher missing = MISSING.matcher(stderr);
        String module = null;
        while (missing.find()) {
            module = missing.group(1);
        }
        if (module == null) {
            return Optional.empty();
        }
        String wanted = module;
        List<String> with = known.values().stream()
                .filter(r -> !r.name().equals(runtime) && r.modules().contains(wanted))
                .map(RuntimeInfo::name)
                .toList();
        return with.isEmpty()
                ? Optional.empty()
                : Optional.of("The module " + module + " is in the runtime " + String.join(", ", with) + ".");
    }
}
