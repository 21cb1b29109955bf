#!/usr/bin/env python3
"""Runs CPython's own regression tests in a jail and outside, and compares test by test:

    ONPY_RUNNER_NSJAIL=PATH nsjail/cpython_tests.py [--jobs N] [MODULE...]

The tests are Debian's package libpython3.X-testsuite. It is downloaded once with apt-get, from the machine's own package sources, and
unpacked into .onpyrunner/cpython-tests; nothing is installed. Each module runs once in a fresh jail and once outside, as an ordinary user,
with the same files, the same environment and an empty folder of its own. What is known to differ is in cpython_differences.txt, with reasons.
The exit code is 1 if anything else differs.
"""

import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import pwd
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from jail import HERE, INTERPRETER, PROGRAM, JailFailed, Room, installed_nsjail

STORE = HERE.parent / ".onpyrunner"
KNOWN = HERE / "cpython_differences.txt"
MARK = b"\x1e"  # begins each line of the runner; everything else on stdout is the tests' own

# No program of a runner's users touches these: other systems, graphics, building CPython or packages, the tests' own tools, and tests that do
# nothing without the internet.
LEFT_OUT = set(
    """
    test__osx_support test_kqueue test_devpoll test_launcher test_msilib test_osx_env test_ossaudiodev test_startfile test_winconsoleio
    test_winreg test_winsound test_nis test_dtrace test_gdb test_crashers
    test_idle test_tcl test_tix test_tk test_ttk_guionly test_ttk_textonly test_turtle test_curses
    test_asdl_parser test_check_c_globals test_clinic test_cppext test_distutils test_embed test_ensurepip test_getpath test_lib2to3
    test_peg_generator test_regrtest test_tools test_venv test_xxlimited test_xxtestfuzz
    test_codecmaps_cn test_codecmaps_hk test_codecmaps_jp test_codecmaps_kr test_codecmaps_tw test_smtpnet test_urllib2net test_urllibnet
    test_xmlrpc_net test_zipfile64
    test_future3 test_future4 test_future5
    """.split()
)

# These take longest: they start first and have more time.
SLOW = [
    "test_multiprocessing_spawn", "test_multiprocessing_forkserver", "test_multiprocessing_fork", "test_concurrent_futures", "test_asyncio",
    "test_socket", "test_subprocess", "test_signal", "test_threading", "test_io",
]  # fmt: skip

# Runs one module in place of libregrtest, whose output cannot be compared test by test. In the jail and outside it is main.py.
RUNNER = r'''
import faulthandler
import fcntl
import importlib
import json
import os
import sys
import unittest


class Collector(unittest.TestResult):
    """Says on a descriptor of its own when a test begins and how it ends."""

    def __init__(self, output):
        super().__init__()
        self.output, self.process = output, os.getpid()
        self.running, self.end = None, None

    def say(self, **what):
        if os.getpid() == self.process:  # a forked child that comes back into the test tells nothing
            os.write(self.output, b"\n\x1e" + json.dumps(what).encode() + b"\n")

    def startTest(self, test):
        super().startTest(test)
        self.running, self.end = test, ("ok", "")
        self.say(begins=test.id())

    def stopTest(self, test):
        super().stopTest(test)
        self.say(id=test.id(), end=self.end[0], why=self.end[1])
        self.running = None

    def note(self, test, end, why):
        if self.running is None:  # a whole class or module that could not be set up
            self.say(id=test.id(), end=end, why=why)
        elif self.end[0] in ("ok", "skipped"):
            self.end = (end, why)

    def addError(self, test, err):
        self.note(test, "error", repr(err[1])[:1500])

    def addFailure(self, test, err):
        self.note(test, "fail", repr(err[1])[:1500])

    def addSkip(self, test, reason):
        self.note(test, "skipped", str(reason)[:1500])

    def addSubTest(self, test, subtest, err):
        if err:
            self.note(test, "fail", repr(err[1])[:1500])

    def addUnexpectedSuccess(self, test):
        self.note(test, "fail", "unexpected success")


class Runner:
    def __init__(self, collector):
        self.collector = collector

    def run(self, suite):
        suite(self.collector)
        return self.collector


def main():
    name, parts = sys.argv[1:]
    del sys.argv[1:]
    faulthandler.enable()
    collector = Collector(fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 100))
    import ctypes
    from test import support

    for package in (ctypes, unittest):  # their tests belong into their own folders
        package.__path__.append(os.path.join(parts, package.__name__))
    support.use_resources = []  # libregrtest's default: no internet, no big files, nothing that takes very long
    support.verbose = 0
    # Its isolated child looks for the tests in the library, in vain, and waits for ever.
    support.set_match_tests(None, ["*.test_4_daemon_threads"])
    support.get_test_runner = lambda *_, **__: Runner(collector)
    support.record_original_stdout(sys.stdout)
    try:
        module = importlib.import_module("test." + name)
        if hasattr(module, "test_main"):
            module.test_main()
        else:
            support.run_unittest(unittest.TestLoader().loadTestsFromModule(module))
    except unittest.SkipTest as skip:
        collector.say(id=name, end="skipped", why=str(skip))
    except support.TestDidNotRun:
        collector.say(id=name, end="skipped", why="has no tests")
    except support.TestFailed:
        pass  # the tests have said so
    except BaseException as error:
        collector.say(id=name, end="error", why=repr(error)[:1500])
    collector.say(over=True)


if __name__ == "__main__":
    main()
'''


class Missing(Exception):
    """What the machine lacks, as a sentence."""


def version_of_interpreter():
    say = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([INTERPRETER, "-IS", "-c", say], capture_output=True, text=True, check=True).stdout.strip()


def fetch_tests():
    """The folder with `test`, the package that python imports, and `parts`, the tests that belong into other packages."""
    version = version_of_interpreter()
    folder = STORE / "cpython-tests" / version
    if folder.exists():
        return folder
    for tool in ("apt-get", "dpkg"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is missing: the tests come as a Debian package")
    print(f"downloading CPython's tests with apt-get and unpacking them into {folder}; nothing is installed", flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        work = Path(name)
        # test.support, which the tests use, is a part of the library and must be of the same version as they.
        for package in (f"libpython{version}-testsuite", f"libpython{version}-stdlib"):
            subprocess.run(["dpkg", "-x", str(download(package, work)), str(work / "unpacked")], check=True)
        library, made = work / "unpacked/usr/lib" / f"python{version}", work / "made"
        (made / "parts").mkdir(parents=True)
        (library / "test").rename(made / "test")
        for part in ("ctypes/test", "unittest/test"):
            (made / "parts" / part).parent.mkdir()
            (library / part).rename(made / "parts" / part)
        subprocess.run([INTERPRETER, "-m", "compileall", "-q", "-j0", str(made)], stdout=subprocess.DEVNULL)  # some are wrong on purpose
        made.rename(folder)
    return folder


def download(package, work):
    command = ["apt-get", "-q", "download", package]
    got = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if got.returncode and os.getuid() == 0:  # the lists may be empty
        subprocess.run(["apt-get", "-q", "update"], capture_output=True)
        got = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if got.returncode:
        raise Missing(f"apt-get cannot download {package} (after apt-get update?): {got.stderr.strip()}")
    return next(work.glob(f"{package}_*.deb"))


class Run:
    """How the tests of a module ended: `ends` has (end, why) by test."""

    def __init__(self, output, trouble):
        self.ends, self.is_over = {}, False
        begun = None
        for line in output.split(b"\n"):
            if not line.startswith(MARK):
                continue
            try:
                said = json.loads(line[1:])
            except ValueError:
                continue  # cut off by the end
            if "begins" in said:
                begun = said["begins"]
            elif "over" in said:
                self.is_over = True
            else:
                self._add(plain(said["id"]), (said["end"], said["why"]))
                begun = None
        self.hangs = not self.is_over and trouble[0] == "hangs"
        if not self.is_over:
            self._add(plain(begun) if begun else "(module)", trouble)

    def _add(self, test, end):
        names = itertools.chain([test], (f"{test} #{number}" for number in itertools.count(2)))
        self.ends[next(name for name in names if name not in self.ends)] = end


def plain(test):
    """The id in the form MODULE.CLASS.TEST, without what changes from run to run, on one line."""
    test = re.sub(r"^(setUp\w+|tearDown\w+) \((.+)\)$", r"\2.\1", " ".join(test.split()))
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", test).removeprefix("test.")


class Place:
    """Where one module at a time runs: a jail's room, and a folder outside."""

    def __init__(self, number, tests, timeout):
        self.timeout = timeout
        self.is_root = os.getuid() == 0
        self.uid = 210000 + number
        self.room = Room(installed_nsjail(), uid=self.uid if self.is_root else None)
        try:
            self.tests = self.room.folder / "tests"  # the checkout may be where other users cannot go
            shutil.copytree(tests, self.tests)
            inside = "/tests"
            (self.room.root / inside[1:]).mkdir()
            with self.room.config.open("a") as config:
                config.write(f'\nmount {{ src: "{self.tests}" dst: "{inside}" is_bind: true rw: false nosuid: true nodev: true }}\n')
            self.environment = dict(re.findall(r'^envar: "(\w+)=(.*)"', self.room.config.read_text(), re.MULTILINE))
        except BaseException:
            self.close()
            raise

    def limit(self, module):
        return self.timeout * (5 if module in SLOW else 1)

    def variables(self, work, tests):
        # A TMPDIR of its own, so that nothing stays in the machine's /tmp.
        return {**self.environment, "HOME": str(work), "TMPDIR": f"{work}/temporary", "PYTHONPATH": str(tests)}

    def inside(self, module):
        files = {"temporary/.keep": b""}
        with self.room.start() as job:
            try:
                job.begin(RUNNER.encode(), [module, "/tests/parts"], self.variables("/work", "/tests"), files)
                result = job.finish(timeout=self.limit(module))
                trouble = ("dies", result.failure or f"status {result.line} {tail(result.err)}")
            except TimeoutError:
                trouble = ("hangs", f"no end after {self.limit(module):g} s")
            except JailFailed as failed:
                trouble = ("dies", str(failed)[:1500])
            return Run(bytes(job.result.out), trouble)

    def outside(self, module):
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self.room.folder))
        (work / "temporary").mkdir()
        (work / "temporary/.keep").touch()
        (work / PROGRAM).write_text(RUNNER)
        command = ["env", "--default-signal", "setpriv", "--pdeathsig", "KILL"]  # a shell may have us ignore SIGINT
        if self.is_root:
            user = pwd.getpwnam("nobody")  # one that has a name, as in the jail
            for path in (work, work / "temporary", work / "temporary/.keep", work / PROGRAM):
                os.chown(path, user.pw_uid, user.pw_gid)
            command += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
        command += [INTERPRETER, PROGRAM, module, str(self.tests / "parts")]
        process = subprocess.Popen(
            command,
            cwd=work,
            env=self.variables(work, self.tests),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=self.limit(module))
            trouble = ("dies", f"status {process.returncode} {tail(errors)}")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            trouble = ("hangs", f"no end after {self.limit(module):g} s")
        finally:
            shutil.rmtree(work, ignore_errors=not self.is_root)
        return Run(output, trouble)

    def close(self):
        self.room.close()


def tail(data):
    return bytes(data[-700:]).decode(errors="replace")


def cut_short(inside, outside):
    """The tests that cannot be compared: what follows a crash or time-out on one side, and where a time-out came when both sides had one."""
    both_hang = inside.hangs and outside.hangs
    for test in inside.ends.keys() | outside.ends.keys():
        here, there = inside.ends.get(test), outside.ends.get(test)
        if here is None and not inside.is_over or there is None and not outside.is_over:
            yield test
        elif both_hang and here != there and "hangs" in (here and here[0], there and there[0]):
            yield test


def difference(inside, outside):
    """(end inside, end outside) of each test whose ends differ."""
    ends = {}
    for test in (inside.ends.keys() | outside.ends.keys()) - set(cut_short(inside, outside)):
        here, there = inside.ends.get(test, ("absent", "")), outside.ends.get(test, ("absent", ""))
        if here[0] != there[0]:
            ends[test] = here, there
    return ends


class Known:
    """The list of known differences: lines of pattern, tab, reason; * stands for anything."""

    def __init__(self, text):
        self.entries = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                pattern, reason = line.split("\t")
                self.entries.append((pattern, re.compile(re.escape(pattern).replace(r"\*", ".*")), reason))

    def reason(self, test):
        return next((reason for _, expression, reason in self.entries if expression.fullmatch(test)), None)

    def unused(self, modules, differing):
        for pattern, expression, _ in self.entries:
            if pattern.split(".")[0] in modules and not any(expression.fullmatch(test) for test in differing):
                yield pattern


class Report:
    def __init__(self, known):
        self.known = known
        self.tests = 0
        self.missed = 0
        self.ends = collections.Counter()  # of those that are the same
        self.reasons = collections.Counter()
        self.new, self.flaky, self.differing, self.ran = {}, set(), set(), []

    def add(self, module, differing, flaky, first, seconds):
        inside, outside = first
        missed = set(cut_short(inside, outside))
        every = (inside.ends.keys() | outside.ends.keys()) - missed
        self.ran.append(module)
        self.tests += len(every)
        self.missed += len(missed)
        self.differing |= differing.keys()
        self.flaky |= flaky
        ends = collections.Counter(inside.ends[test][0] for test in every - differing.keys() - flaky)
        self.ends += ends
        broken = ends.total() - ends["ok"] - ends["skipped"]
        new = {test: ends for test, ends in differing.items() if not self.known.reason(test)}
        self.reasons.update(self.known.reason(test) for test in differing if test not in new)
        self.new |= new
        parts = [f"{len(every)} tests"]
        if broken:
            parts.append(f"{broken} fail on both sides")
        if missed:
            parts.append(f"{len(missed)} cut short")
        if len(differing) > len(new):
            parts.append(f"{len(differing) - len(new)} known differences")
        if flaky:
            parts.append(f"{len(flaky)} not steady: {', '.join(sorted(flaky))}")
        parts.append(f"DIFFERS: {len(new)}" if new else "no other difference" if differing or flaky else "same")
        print(f"{module:34} {seconds:6.1f} s  {', '.join(parts)}", flush=True)
        for test, (here, there) in sorted(new.items()):
            print(f"  {test}\n    inside  {here[0]}: {here[1]}\n    outside {there[0]}: {there[1]}", flush=True)

    def summary(self):
        same = sum(self.ends.values())
        print(f"\n{len(self.ran)} modules, {self.tests} tests compared, {self.missed} cut short by a crash or time-out before them")
        print(f"{same:6} end the same: " + ", ".join(f"{count} {end}" for end, count in self.ends.most_common()))
        for reason, count in self.reasons.most_common():
            print(f"{count:6} differ as known: {reason}")
        for test in sorted(self.flaky):
            print(f"       not steady: {test}")
        for pattern in self.known.unused(self.ran, self.differing | self.flaky):
            print(f"       no longer differs, though listed: {pattern}")
        print(f"{len(self.new):6} differ otherwise")
        return 1 if self.new else 0


def compare(place, module, known):
    """Runs one module on both sides, and again if something differs that is not known."""
    start = time.monotonic()
    first = place.inside(module), place.outside(module)
    differing, flaky = difference(*first), set()
    if any(not known.reason(test) for test in differing):
        second = place.inside(module), place.outside(module)
        again = difference(*second)
        for one, other in zip(first, second):
            flaky |= difference(one, other).keys()
        flaky |= differing.keys() ^ again.keys()
        flaky = {test for test in flaky if not known.reason(test)}
        differing = {test: ends for test, ends in differing.items() if test not in flaky}
    return module, differing, flaky, first, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many modules run at a time (default 2)")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one module on one side; five times that for the slowest (default 120)")
    parser.add_argument("--list", action="store_true", help="print the modules that run when none is named, and end")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="for example test_json; all but a few when none is named")
    options = parser.parse_args()
    try:
        tests = fetch_tests()
    except Missing as missing:
        sys.exit(str(missing))
    found = sorted({path.stem for path in (tests / "test").glob("test_*") if path.suffix == ".py" or (path / "__init__.py").exists()})
    unknown = set(options.modules) - set(found)
    if unknown:
        sys.exit(f"no such module: {', '.join(sorted(unknown))}")
    chosen = options.modules or SLOW + [name for name in found if name not in LEFT_OUT and name not in SLOW]
    if options.list:
        print(*chosen, sep="\n")
        return 0
    report = Report(Known(KNOWN.read_text()))
    places = queue.SimpleQueue()

    def run(module):
        place = places.get()
        try:
            return compare(place, module, report.known)
        finally:
            places.put(place)

    made = []
    # The threads start the jails and must outlive them: the kernel kills a jail when the thread that started it ends.
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            for number in range(options.jobs):
                made.append(Place(number, tests, options.timeout))
                places.put(made[-1])
            futures = [pool.submit(run, module) for module in chosen]
            for future in concurrent.futures.as_completed(futures):
                report.add(*future.result())
        finally:
            pool.shutdown(cancel_futures=True)
            for place in made:
                place.close()
    return report.summary()


if __name__ == "__main__":
    sys.exit(main())
