"""What a run of all measurements says: the goals, met or not, and a page with plots."""

import html
from statistics import median

from common import at, p50, p99
from plots import bars, distribution, lines

MB = 1_000_000
LATE = 1.5  # the last jobs of a full queue may take so many times what the queue takes in the mean
NODE, ENTERED, PANDAS, HAND = "a node", "a node, entered", "pandas, loaded ahead", "nsjail by hand"


# --- The goals ---


def at_most(limit, unit=""):
    return f"≤ {limit:g}{unit}", lambda value: value <= limit


def at_least(limit, unit=""):
    return f"≥ {limit:g}{unit}", lambda value: value >= limit


def of_run(figures, name):
    run = figures["run"]
    if name in run["missing"]:
        raise LookupError(run["missing"][name])
    return run["figures"][name]


def rate(way):
    """At as many at once as there are slots twice: all of them always have something to do."""
    return way["rates"][list(way["rates"])[-1]]


def best_peer(figures):
    run, names = figures["run"]["figures"], ("go-judge", "piston", "judge0", "snekbox", HAND)
    best = min((name for name in names if name in run), key=lambda name: run[name]["p50"]["value"])
    own, other = run[NODE]["p50"], run[best]["p50"]
    found = {"value": own["value"] / other["value"], "low": own["low"] / other["high"], "high": own["high"] / other["low"]}
    return found, f"{best} was the best"


def overload(figures):
    return figures["load"]["open"]["1.2"]


def bound(figures):
    """The p99 of what was accepted, in times that a full queue takes at the rate of that moment."""
    row = overload(figures)
    full = (figures["load"]["max_queued"] + figures["load"]["machine"]["cores"]) / row["goodput_per_s"] * 1000
    return at(row["times_ms"], 0.99) / full, f"p99 {at(row['times_ms'], 0.99):.0f} ms; a full queue takes {full:.0f} ms"


def refusals(figures):
    """`bench load` fails at the first one without."""
    refused = overload(figures)["refused"]
    if not refused:
        raise LookupError("nothing was refused: the queue never was full")
    return 1, ", ".join(f"{count} × {status}" for status, count in refused.items())


def per_slot(figures):
    memory = figures["memory"]
    return (memory["jails_bytes_per_slot"] + max(0, memory["jvm_bytes_per_slot"])) / MB


def live_one(figures):
    return p50(figures["live"]["runs"][0]["live_ms"])


def idle(figures):
    node = figures["memory"]["nodes"][0]
    return node["idle"]["jvm_rss"] / MB, f"after {figures['memory']['jobs']} jobs {node['after_jobs']['jvm_rss'] / MB:.0f} MB"


def ready(figures):
    return median(start["ready_s"] for start in figures["boot"]["starts"])


# What, the goal, and how it is found: a value, or one with an interval; with a remark or without.
GOALS = [
    ("hello over HTTP with wait, one client: p50 × bare p50", at_most(0.35), lambda f: of_run(f, NODE)["p50_by_bare_p50"]),
    ("the same: p99 × bare p50", at_most(0.8), lambda f: of_run(f, NODE)["p99_by_bare_p50"]),
    ("the same: p50 × the best peer's p50", at_most(0.25), best_peer),
    ("hello jobs/s × bare, as many at once", at_least(0.75), lambda f: rate(of_run(f, NODE))["by_bare"]),
    ("hello jobs/s × bare, isolation entered", at_least(1.2), lambda f: rate(of_run(f, ENTERED))["by_bare"]),
    ("pandas loaded ahead: time × bare", at_most(0.05), lambda f: of_run(f, PANDAS)["p50_by_bare_p50"]),
    ("pandas loaded ahead: jobs/s × bare", at_least(15), lambda f: rate(of_run(f, PANDAS))["by_bare"]),
    ("CPU a job outside the jail, JVM and Redis", at_most(1.5, " ms"), lambda f: rate(of_run(f, NODE))["cpu_ms_per_job"]["together"]),
    ("first job after start × p50", at_most(3), lambda f: median(f["boot"]["first_by_p50"])),
    ("from print to the viewer, p50", at_most(3, " ms"), live_one),
    ("JVM of an idle node with 4 slots", at_most(150, " MB"), idle),
    ("each further slot", at_most(15, " MB"), per_slot),
    ("serve from a built tree to ready", at_most(1.5, " s"), ready),
    ("120 % load: goodput × capacity", at_least(0.95), lambda f: overload(f)["goodput_by_capacity"]),
    ("120 % load: p99 of accepted jobs × what a full queue takes", at_most(LATE), bound),
    ("120 % load: refusals that had Retry-After", at_least(1), refusals),
]  # fmt: skip


def judged(figures):
    """Each goal with what was measured; what was not says why."""
    found = []
    for what, (goal, is_met), measure in GOALS:
        row = {"what": what, "goal": goal, "measured": None, "met": None, "note": ""}
        try:
            value = measure(figures)
        except (LookupError, ValueError) as error:
            row["note"] = str(error.args[0]) if error.args else "not measured"
            row["note"] = {name: f"bench {name} did not run or failed" for name in ("run", "load", "live", "memory", "boot")}.get(
                row["note"], row["note"]
            )
        else:
            if isinstance(value, tuple):
                value, row["note"] = value
            if isinstance(value, dict):
                row |= {"low": value["low"], "high": value["high"]}
                if is_met(value["low"]) != is_met(value["high"]):
                    row["note"] = "; ".join(filter(None, (row["note"], "the interval reaches over the goal")))
                value = value["value"]
            row |= {"measured": value, "met": is_met(value)}
        found.append(row)
    return found


def verdict(row):
    return "not measured" if row["met"] is None else "met" if row["met"] else "NOT MET"


def measured(row):
    if row["measured"] is None:
        return "–"
    return f"{row['measured']:.3g}" + (f" ({row['low']:.3g} {row['high']:.3g})" if "low" in row else "")


def goals_text(goals):
    lines_ = [f"{'what':60} | {'goal':9} | {'measured (interval)':22} | {'':12} |"]
    lines_ += [f"{row['what']:60} | {row['goal']:9} | {measured(row):22} | {verdict(row):12} | {row['note']}" for row in goals]
    return "\n".join(lines_)


# --- The plots of each part ---


def plots_of_start(f):
    return [
        distribution("The jail alone: from the start to the end", {way: times["end"] for way, times in f["times_ms"].items()}),
        bars("Programs a second, all cores busy", [(way, median(r), min(r), max(r)) for way, r in f["jobs_per_s"].items()]),
    ]


def plots_of_run(f):
    def rows(figure):
        return [
            (name, way[figure]["value"], way[figure]["low"], way[figure]["high"])
            for name, way in f["figures"].items()
            if "pandas" not in name
        ]

    found = [
        bars("From request to answer, p50 in ms", rows("p50")),
        bars("From request to answer, p99 in ms", rows("p99")),
        distribution("From request to answer, all times", f["times_ms"]),
    ]
    for at_once in next(iter(f["figures"].values()))["rates"]:
        ways = [(name, way["rates"][at_once]["by_bare"]) for name, way in f["figures"].items()]
        found.append(bars(f"Jobs a second × bare, {at_once} at once", [(name, by["value"], by["low"], by["high"]) for name, by in ways]))
    cpu = [(f"{name}, {part}", rate(way)["cpu_ms_per_job"][part], None, None)
           for name, way in f["figures"].items() if "cpu_ms_per_job" in rate(way) for part in ("jvm", "redis")]  # fmt: skip
    return [*found, bars("CPU a job outside the jail, ms", cpu)]


def plots_of_stages(f):
    steps = {name: times for name, times in f["steps_ms"].items() if times}
    return [bars("One hello, step by step, p50 in ms", [(name.split(":")[0], p50(times), None, None) for name, times in steps.items()])]


def plots_of_jvm(f):
    total = sum(f["samples"].values())
    return [bars("Whose code Java runs, % of samples", [(name, 100 * n / total, None, None) for name, n in sorted(f["samples"].items(), key=lambda s: -s[1])])]


def plots_of_load(f):
    closed = {int(clients): rows for clients, rows in f["closed"].items()}
    times = {clients: [t for row in rows["node"] for t in row["times_ms"]] for clients, rows in closed.items()}
    shares = {float(share): row for share, row in f["open"].items() if row["times_ms"]}
    fair = f["fairness"]["rates_per_s"]
    return [
        lines("Closed loop: jobs a second", "clients", "jobs/s",
              {way: [(c, r["jobs_per_s"][way]) for c, r in closed.items()] for way in ("node", "bare")}, log_x=True),
        lines("Closed loop: latency", "clients", "ms",
              {f"p{part * 100:g}": [(c, at(t, part)) for c, t in times.items()] for part in (0.5, 0.9, 0.99)}, log_x=True, log_y=True),
        lines("Open loop: latency of accepted jobs", "% of capacity", "ms",
              {f"p{part * 100:g}": [(100 * s, at(r["times_ms"], part)) for s, r in shares.items()] for part in (0.5, 0.9, 0.99)}, log_y=True),
        bars("Open loop: goodput × capacity", [(f"{float(s):.0%} offered", r["goodput_by_capacity"], None, None) for s, r in f["open"].items()]),
        bars(f"Fairness: jobs/s, one client with {f['fairness']['greedy_connections']} connections beside some with one",
             [("the greedy one" if not n else f"modest {n}", value, None, None) for n, value in enumerate(fair)]),
    ]  # fmt: skip


def plots_of_queue(f):
    found = [bars(f"The queue alone: {title} a second", [(f"{d['jobs']:,} waiting", median(d[kind]["rates"]), None, None) for d in f["depths"]])
             for kind, title in (("accept", "accepted"), ("run", "claimed and finished"))]  # fmt: skip
    servers = {"node": "a node", "node_trivial_script": "trivial EVALSHA", "http_only": "nothing but HTTP"}
    return [*found, bars("Posts a second", [(name, median(f[key]["rates"]), None, None) for key, name in servers.items()])]


def plots_of_live(f):
    own = {f"{way}, {r['viewers']:,}": r[f"{way}_ms"] for r in f["runs"] for way in ("live", "bare")}
    return [bars("From print to viewer, p50 in ms", [(name, p50(times), None, None) for name, times in own.items()]),
            bars("From print to viewer, p99 in ms", [(name, p99(times), None, None) for name, times in own.items()])]  # fmt: skip


def plots_of_cluster(f):
    return [bars("Hello and its answer, p50 in ms", [(name, p50(times), None, None) for name, times in f["hello_ms"].items()]),
            bars("Sleeping jobs a second", [(f"{runners} runners", value, None, None) for runners, value in f["rates"].items()])]  # fmt: skip


def plots_of_memory(f):
    rows = []
    for node in f["nodes"]:
        after = node["after_jobs"]
        rows += [
            (f"{node['slots']} slots: {name}", after[key] / MB, None, None)
            for key, name in (("jvm_rss", "JVM"), ("redis_rss", "Redis"), ("jails", "jails"))
        ]
    return [bars("Memory after some jobs, MB", rows)]


def plots_of_boot(f):
    starts = f["starts"]
    return [bars("From the command to ready, s", [(f"start {n + 1}", s["ready_s"], None, None) for n, s in enumerate(starts)]),
            lines("The first jobs of a node", "job", "ms", {
                f"start {n + 1}": [(i + 1, t) for i, t in enumerate([s["first_ms"], *s["warming_ms"]][:100])] for n, s in enumerate(starts[:5])
            }, log_x=True, log_y=True)]  # fmt: skip


PLOTS = {"start": plots_of_start, "run": plots_of_run, "stages": plots_of_stages, "jvm": plots_of_jvm, "load": plots_of_load, "queue": plots_of_queue, "live": plots_of_live,
         "cluster": plots_of_cluster, "memory": plots_of_memory, "boot": plots_of_boot}  # fmt: skip

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse } td, th { border-bottom: 1px solid #ddd; padding: .3rem .7rem; text-align: left; vertical-align: top }
.met { color: #2a6b33 } .not { color: #a8321c; font-weight: 600 } .none { color: #777 }
pre { overflow-x: auto; background: #f5f5f5; padding: .7rem; font-size: 12px } figure { margin: 1rem 0 } figcaption { font-weight: 600 }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif } svg text { fill: currentColor } svg .small { font-size: 10px }
.axis, .interval { stroke: #444; fill: none } .grid { stroke: #ddd }
"""


def page(run):
    """One file that needs nothing else."""
    machine, esc = run["machine"], html.escape
    about = [f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}, {run['date']}",
             f"load before: {', '.join(f'{load:.2f}' for load in machine['load_before'])}; took {run['took_s']:.0f} s"]  # fmt: skip
    about += [f"{name}: {value}" for name, value in run["versions"].items()]
    kinds = {"met": "met", "NOT MET": "not", "not measured": "none"}
    rows = "".join(
        f"<tr><td>{esc(r['what'])}<td>{esc(r['goal'])}<td>{esc(measured(r))}<td class={kinds[verdict(r)]}>{verdict(r)}<td>{esc(r['note'])}"
        for r in run["goals"]
    )
    parts = []
    for name, part in run["parts"].items():
        plots = "".join(PLOTS[name](part["figures"])) if part["figures"] and part["exit"] == 0 else ""
        state = f"{part['seconds']:.0f} s; before it others used {part['busy_before']:.0%} of the machine" + ("" if part["exit"] == 0 else "; it failed")
        parts.append(f"<h2 id={name}>bench {name} <small>({state})</small></h2>{plots}<pre>{esc(part['said'])}</pre>")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>OnPyRunner, measured</title><style>{STYLE}</style>"
        f"<h1>OnPyRunner, measured</h1><p>{'<br>'.join(map(esc, about))}</p>"
        "<p>Machines are noisy: what counts is how the ways of one run stand to each other. Intervals are of 95 % (bootstrap), or the least and the most of all rounds. Every answer was checked.</p>"
        f"<h2>Goals</h2><table><tr><th>what<th>goal<th>measured (interval)<th><th>{rows}</table>{''.join(parts)}</html>\n"
    )
