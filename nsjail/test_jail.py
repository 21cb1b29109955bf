#!/usr/bin/env python3
"""The jail, tested with the real nsjail: ONPY_RUNNER_NSJAIL=PATH python3 nsjail/test_jail.py

Needs Python's standard library only and leaves nothing behind. Each test starts jails of its own; a class makes all of them in one room,
and many classes run again: with an nsjail for each jail, in a slot, where one nsjail listens, and with init.py as pid 1.
ONPY_JAIL_INIT=python makes init.py pid 1 in all of them.
"""

import errno
import hashlib
import json
import os
import platform
import random
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from jail import CREDIT, INTERPRETER, JailFailed, Room, Slot, frame, installed_nsjail, message  # noqa: E402

# What job.cfg promises: the environment of the program.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/work", "USER": "user", "LANG": "C.UTF-8", "TZ": "UTC"}

# A wall time that no step may need; only failures wait for it.
SOON = 10


def code(text):
    return textwrap.dedent(text).encode()


def bare(program, arguments=(), stdin=b"", files=None, environment=None):
    """The same program under a bare python3, in a folder of its own, with pipes; its folder's name is replaced by /work."""
    with tempfile.TemporaryDirectory(prefix="onpy-") as folder:
        for name, content in {"main.py": program, **(files or {})}.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        done = subprocess.run(
            [INTERPRETER, "main.py", *arguments],
            input=stdin,
            capture_output=True,
            cwd=folder,
            env={**ENVIRONMENT, **(environment or {})},
            umask=0o022,
            timeout=30,
        )
        here = folder.encode()
        return done.returncode, done.stdout.replace(here, b"/work"), done.stderr.replace(here, b"/work")


def descendants(ancestor):
    """The ids of all processes below this one, zombies left out."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(name))
    found, waiting = [], [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def inside_of(job):
    """The ids of all processes in the job's jail; init is the first."""
    return [job.init, *descendants(job.init)]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class JailTest(unittest.TestCase):
    maxDiff = None
    in_slot = False
    preload = None
    python_init = os.environ.get("ONPY_JAIL_INIT") == "python"

    @classmethod
    def setUpClass(cls):
        cls.room = cls.enterClassContext(Room(installed_nsjail(), python_init=cls.python_init, preload=cls.preload))
        cls.maker = cls.enterClassContext(Slot(cls.room)) if cls.in_slot else cls.room

    def run_program(self, text, **options):
        return self.maker.run(code(text) if isinstance(text, str) else text, **options)

    def answer(self, text, **options):
        """Runs a program that prints JSON and must end well."""
        result = self.run_program(text, **options)
        self.assertEqual("E 0", result.status, result)
        return json.loads(result.out)

    def begin(self, text, **options):
        job = self.maker.start()
        self.addCleanup(job.close)
        job.begin(code(text), **options)
        return job

    def wait_for(self, job, output):
        job.finish(None, SOON, until=lambda result: output in result.out)
        self.assertIn(output, job.result.out)

    def assert_broken(self, job, reason):
        """init ended the jail because of us, and said why."""
        if self.in_slot:
            job.life_line.settimeout(SOON)
            self.assertIn(reason, job.life_line.recv(1000).decode())
        else:
            self.assertEqual(99, job.close())
            self.assertIn(reason, self.room.log.read_text())

    def assert_gone(self, pids, within):
        end = time.monotonic() + within
        while any(map(is_alive, pids)):
            self.assertLess(time.monotonic(), end, "still alive")
            select.select([], [], [], 0.002)


def _again(test, suffix, **attributes):
    name = test.__name__ + suffix
    globals()[name] = type(name, (test,), {"__module__": __name__, **attributes})


def in_a_slot_too(test):
    """For a class of tests: two more, which make their jails in a slot, with interpreters that start there and with copies of a zygote's."""
    _again(test, "InASlot", in_slot=True)
    _again(test, "Entered", in_slot=True, preload=[])
    return test


def with_python_init_too(test):
    """For a class of tests: another one, with init.py as pid 1, in a slot."""
    _again(test, "WithPythonInit", in_slot=True, python_init=True)
    return test


@in_a_slot_too
@with_python_init_too
class Endings(JailTest):
    def test_hello(self):
        result = self.run_program("print('hello')")
        self.assertEqual((b"hello\n", b"", "E 0"), (bytes(result.out), bytes(result.err), result.status))
        self.assertRegex(result.line, r"^E 0 \d+\.\d{6} \d+\.\d{6} \d+\n$")
        self.assertEqual("S", result.order[-1][0])

    def test_an_exit_code_is_reported(self):
        self.assertEqual("E 3", self.run_program("raise SystemExit(3)").status)

    def test_exit_137_is_not_a_kill(self):
        self.assertEqual("E 137", self.run_program("raise SystemExit(137)").status)

    def test_signals_are_reported(self):
        for name, program, number in (
            ("kill", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 9),
            ("abort", "import os; os.abort()", 6),
            ("segv", "import ctypes; ctypes.string_at(0)", 11),
            ("term", "import os; os.kill(os.getpid(), 15)", 15),
            ("pipe", "import os, signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\nr, w = os.pipe(); os.close(r); os.write(w, b'x')", 13),
        ):
            with self.subTest(name):
                self.assertEqual(f"S {number}", self.run_program(program).status)

    def test_files_that_cannot_be_placed_are_the_jails_failure(self):
        for name, files, reason in (
            ("up", {"../etc/passwd": b""}, "not a plain relative path"),
            ("absolute", {"/work/x": b""}, "not a plain relative path"),
            ("empty", {"": b""}, "not a plain relative path"),
            ("dots", {"a/./b": b""}, "not a plain relative path"),
            ("a file as folder", {"a": b"", "a/b": b""}, "Not a directory"),
            ("twice", {"a/../b": b""}, "not a plain relative path"),
            ("too big", {"big": bytes(65 << 20)}, "No space left on device"),
        ):
            with self.subTest(name):
                result = self.run_program("print('never')", files=files)
                self.assertIn(reason, result.failure or "")
                self.assertEqual(b"", result.out + result.err)

    def test_a_cut_off_frame_is_the_jails_failure(self):
        with self.maker.start() as job:
            job.ready()
            job.worker.sendall(b"\0\0\0\x0aA\0\0\0\0\0\0\0\xffx")
            self.assertIn("cut off", job.finish().failure)



class OneNsjailForEach(JailTest):
    def test_an_interpreter_that_does_not_exist_is_the_jails_failure(self):
        with self.room.start(interpreter="/usr/bin/no-such-python") as job:
            with self.assertRaisesRegex(JailFailed, "/usr/bin/no-such-python: No such file or directory"):
                job.ready()

    def test_an_interpreter_without_bootstrap_is_the_jails_failure(self):
        with self.room.start(interpreter="/usr/bin/false") as job:
            with self.assertRaisesRegex(JailFailed, "interpreter: ended before it took the job, exit code 1"):
                job.ready()

    def test_nsjail_ends_with_inits_exit_code(self):
        job = self.room.start()
        job.run(b"raise SystemExit(7)")
        self.assertEqual(0, job.close())
        job = self.room.start()
        job.ready()
        self.assertEqual(98, job.close())


@in_a_slot_too
class LikeBarePython(JailTest):
    """What a program sees is what it sees under a bare python3 in the same place."""

    def assert_same(self, program, arguments=(), stdin=b"", files=None):
        program = code(program)
        expected = bare(program, arguments, stdin, files)
        result = self.run_program(program, arguments=arguments, stdin=stdin, files=files)
        status = f"E {expected[0]}" if expected[0] >= 0 else f"S {-expected[0]}"
        addresses = re.compile(rb"0x[0-9a-f]{8,}")
        self.assertEqual(
            (status, *(addresses.sub(b"0x?", text) for text in expected[1:])),
            (result.status, *(addresses.sub(b"0x?", bytes(text)) for text in (result.out, result.err))),
        )
        return result

    def test_a_traceback(self):
        self.assert_same("import sub.mod\ndef f(n):\n    return sub.mod.g(n)\nf(0)\n", files={"sub/mod.py": b"def g(n):\n    return 1 / n\n"})

    def test_a_syntax_error(self):
        self.assert_same("x = (1,\nprint('?')\n")

    def test_an_exception_in_del_and_at_exit(self):
        self.assert_same(
            """
            import atexit, weakref
            class A:
                def __del__(self): print('del', self.name)
            a = A(); a.name = 'global'
            b = A(); b.name = 'cycle'; b.self = b
            class C:
                def __del__(self): raise ValueError('in del')
            c = C()
            atexit.register(print, 'atexit')
            weakref.finalize(a, print, 'finalize')
            """
        )

    def test_names_paths_and_flags(self):
        self.assert_same(
            """
            import sys, os, json, signal
            main = sys.modules['__main__']
            print(json.dumps([
                __name__, __file__, repr(__loader__).split(' at ')[0], repr(__spec__), repr(__builtins__), sorted(vars(main)),
                sys.argv, sys.orig_argv, sys.path, len(sys.path_hooks), len(sys.path_importer_cache), repr(sys.flags), sys.executable,
                sys.prefix, sys.exec_prefix, sys.dont_write_bytecode, sys.pycache_prefix, sys.warnoptions, sys._xoptions, sorted(sys.builtin_module_names),
                vars(main) is globals(), main.__dict__ is globals(), sys.getrecursionlimit(), sys.getswitchinterval(), sys.stdin.encoding,
                sys.getprofile(), sys.gettrace(),
            ], indent=1))
            print(dict(os.environ), os.getcwd(), '%o' % (os.umask(0)), sys.stdin, sys.stdout, sys.stderr)
            print([(s.name, s.mode, s.line_buffering, s.write_through, s.errors, s.isatty(), s.fileno()) for s in (sys.stdin, sys.stdout, sys.stderr)])
            print(signal.pthread_sigmask(signal.SIG_BLOCK, []), [(s, signal.getsignal(s)) for s in signal.valid_signals()])
            print([line for line in open('/proc/self/status') if line.startswith(('SigPnd', 'SigBlk', 'SigIgn', 'Shd'))])
            # The handler for the stack dump is the one thing more.
            print([int(line.split()[1], 16) & ~(1 << 61) for line in open('/proc/self/status') if line.startswith('SigCgt')])
            """,
            ["one", "", "-c", "zwei ü", "a\nb"],
        )

    def test_modules(self):
        program = code("import sys, json; print(json.dumps(sorted(sys.modules)))")
        expected, seen = json.loads(bare(program)[1]), json.loads(self.run_program(program).out)
        # Debian has a sitecustomize of its own, which stays; ours does not.
        self.assertEqual(set(expected) - {"sitecustomize"}, set(seen))

    def test_descriptors(self):
        self.assert_same(
            """
            import os, stat, fcntl
            print(os.listdir('/proc/self/fd'))
            for n in (0, 1, 2):
                print(stat.S_ISFIFO(os.fstat(n).st_mode), fcntl.fcntl(n, fcntl.F_GETFL), fcntl.fcntl(n, fcntl.F_GETFD))
            """
        )

    def test_gc_works(self):
        self.assert_same(
            """
            import gc, weakref
            class Node: pass
            n = Node(); n.me = n; r = weakref.ref(n); del n
            print(gc.isenabled(), gc.get_threshold(), r() is not None); gc.collect(); print(r(), gc.garbage)
            """
        )

    def test_no_main(self):
        self.assert_same("import os, sys; os.execv(sys.executable, [sys.executable, 'nothing.py'])")

    def test_python_executed_by_the_program(self):
        self.assert_same(
            """
            import os, sys
            if len(sys.argv) == 1:
                os.dup2(1, 13)
                os.execv(sys.executable, [sys.executable, 'main.py', 'again'])
            print('again', input())
            """,
            stdin=b"line\n",
        )


@in_a_slot_too
class JobFrame(JailTest):
    def test_arguments_environment_and_files_arrive(self):
        program = """
            import sys, os, json
            found = {os.path.join(d, f).encode('utf-8', 'surrogateescape').hex(): ['%o' % os.stat(os.path.join(d, f)).st_mode, open(os.path.join(d, f), 'rb').read().hex()]
                     for d, _, fs in os.walk('.') for f in fs if f != 'main.py'}
            print(json.dumps([sys.argv, {k: os.fsencode(os.environ[k]).hex() for k in os.environ}, found, '%o' % os.stat('deep').st_mode,
                              os.getenv('MORE'), os.popen('echo $MORE').read(), os.getuid(), os.getgid(), os.getgroups(), os.getpid(), os.getppid(), os.getsid(0)]))
            """
        files = {"deep/er/est.bin": b"\0\xff\r\n", "empty": b"", "deep/ü": b"x", b"by\xfftes": b"y"}
        argv, environment, found, folder, more, echoed, *ids = self.answer(
            program, arguments=["-x", "", "ü", b"\xff"], environment={"MORE": "a=b\nc", "HOME": "/tmp", "RAW": b"\xfe"}, files=files
        )
        self.assertEqual(["main.py", "-x", "", "ü", "\udcff"], argv)
        expected = {**ENVIRONMENT, "MORE": "a=b\nc", "HOME": "/tmp", "RAW": b"\xfe"}
        self.assertEqual({k: os.fsencode(v).hex() for k, v in expected.items()}, environment)
        self.assertEqual({(b"./" + os.fsencode(k)).hex(): ["100644", v.hex()] for k, v in files.items()}, found)
        self.assertEqual(("40755", "a=b\nc", "a=b c\n"), (folder, more, echoed))
        self.assertEqual([1000, 1000, [], 2, 1, 2], ids)

    def test_a_large_frame_arrives_whole(self):
        data = random.Random(1).randbytes(8 << 20)
        files = {f"d/{n}": data for n in range(4)} | {f"many/{n}": b"%d" % n for n in range(2000)}
        program = "import hashlib, os; print([hashlib.sha256(open(f'd/{n}', 'rb').read()).hexdigest() for n in range(4)], len(os.listdir('many')))"
        start = time.monotonic()
        result = self.run_program(program, files=files)
        self.assertEqual(f"{[hashlib.sha256(data).hexdigest()] * 4} 2000\n".encode(), bytes(result.out))
        self.assertLess(time.monotonic() - start, 5)

    def test_bytes_behind_the_frame_are_stdin(self):
        # Frame, stdin, its end and a signal in one piece: the bootstrap must not read too far.
        with self.maker.start() as job:
            job.ready()
            program = code("import sys; print(sys.stdin.read())")
            job.worker.sendall(frame(files={"main.py": program}) + message("i", b"first") + message("i", b" second") + message("e"))
            self.assertEqual(b"first second\n", bytes(job.finish(None).out))

    def test_an_interrupt_behind_the_frame_reaches_the_program(self):
        # The interpreter's start is not over yet then, and would swallow it or end with a traceback of its own.
        for environment in ({}, {"PYTHONHASHSEED": "0"}):  # the second has the interpreter start twice
            for attempt in range(20):
                with self.subTest(environment, attempt=attempt), self.maker.start() as job:
                    job.ready()
                    job.worker.sendall(frame(environment=environment, files={"main.py": b"input()\n"}) + message("I"))
                    result = job.finish(None)
                    self.assertEqual("S 2", result.status)
                    self.assertRegex(
                        result.err.decode(), r'^Traceback \(most recent call last\):\n  File "/work/main.py", line [01], in <module>\n(    .*\n)?KeyboardInterrupt\n$'
                    )

    def test_output_comes_line_by_line_when_the_frame_asks_for_it(self):
        program = code("import sys; print(sys.stdout.line_buffering); sys.stdin.read()")
        for environment, said in ({}, b"True\n"), ({"PYTHONHASHSEED": "0"}, b"False\n"):  # unbuffered in the interpreter's second start
            with self.maker.start() as job:
                job.ready()
                job.worker.sendall(frame(environment=environment, files={"main.py": program}, lines=True))
                self.wait_for(job, said)
                job.send("e")
                self.assertEqual("E 0", job.finish(None).status)

    def test_a_frame_may_come_in_drops(self):
        with self.maker.start() as job:
            job.ready()
            for byte in frame(["a"], files={"main.py": b"import sys; print(sys.argv)"}):
                job.worker.sendall(bytes([byte]))
            self.assertEqual(b"['main.py', 'a']\n", bytes(job.finish().out))


@in_a_slot_too
@with_python_init_too
class Streams(JailTest):
    def test_five_megabytes_of_stdin_are_echoed(self):
        data = random.Random(2).randbytes(5 << 20)
        result = self.run_program("import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)", stdin=data)
        self.assertTrue(data == result.out, len(result.out))
        self.assertLessEqual(result.acknowledged, len(data))
        self.assertLess(len(data) - result.acknowledged, CREDIT + 1)

    def test_stdin_ends(self):
        self.assertEqual(b"''\n", bytes(self.run_program("import sys; print(repr(sys.stdin.read()))").out))

    def test_stdin_that_nobody_reads_is_acknowledged_when_it_is_closed(self):
        program = """
            import os, time
            os.close(0); print('closed', flush=True)
            time.sleep(60)
            """
        job = self.begin(program)
        self.wait_for(job, b"closed")
        data = bytes(1 << 20)
        sent = 0
        while sent < len(data):
            piece = data[sent : sent + CREDIT - (sent - job.result.acknowledged)]
            job.send("i", piece)
            sent += len(piece)
            job.finish(None, SOON, until=lambda result: result.acknowledged == sent)
        self.assertEqual(len(data), job.result.acknowledged)
        job.send("K")
        self.assertEqual("S 9", job.finish(None).status)

    def test_stdin_beyond_the_credit_ends_the_jail(self):
        job = self.begin("import time; print('on', flush=True); time.sleep(60)")
        self.wait_for(job, b"on")
        with self.assertRaises((JailFailed, OSError)):
            for _ in range(4):  # the pipe takes one piece, and the credit one more
                job.send("i", bytes(65536))
            job.finish(None, SOON)
        self.assert_broken(job, "more stdin than acknowledged")

    def test_messages_that_break_the_protocol_end_the_jail(self):
        for broken, reason in (
            (message("?"), "unknown type"),
            (message("K", b"x"), "a payload it must not have"),
            (message("D", b"x"), "a payload it must not have"),
            (b"i\0\x01\0\x01" + bytes(65537), "too long"),
            (b"i\xff\xff\xff\xff", "too long"),
            (message("e") + message("i", b"x"), "stdin after its end"),
            (message("L"), "files without a status"),
            (message("G", b"main.py"), "files without a status"),
        ):
            with self.subTest(broken[:10]):
                job = self.begin("import time; print('on', flush=True); time.sleep(60)")
                self.wait_for(job, b"on")
                with self.assertRaises((JailFailed, OSError)):
                    job.worker.sendall(broken)
                    job.finish(None, SOON)
                self.assert_broken(job, reason)
                job.close()

    def test_twenty_megabytes_of_output_arrive_whole(self):
        program = """
            import os, threading
            def flood(fd):
                for n in range(160):
                    data = memoryview(bytes([n]) * 65536)
                    while data: data = data[os.write(fd, data):]
            threads = [threading.Thread(target=flood, args=(fd,)) for fd in (1, 2)]
            for t in threads: t.start()
            for t in threads: t.join()
            """
        expected = b"".join(bytes([n]) * 65536 for n in range(160))
        result = self.run_program(program)
        self.assertEqual("E 0", result.status)
        self.assertTrue(expected == result.out and expected == result.err, (len(result.out), len(result.err)))

    def test_a_flood_on_stdout_does_not_hide_stderr(self):
        program = """
            import os, threading, time
            def flood():
                while True: os.write(1, bytes(65536))
            threading.Thread(target=flood, daemon=True).start()
            time.sleep(0.05); os.write(2, b'seen'); time.sleep(60)
            """
        job = self.begin(program)
        job.finish(None, SOON, until=lambda result: b"seen" in result.err)
        job.send("K")

    def test_output_is_whole_when_the_program_is_killed(self):
        result = self.run_program("import os, signal; os.write(1, b'x' * 60000); os.write(2, b'y' * 60000); os.kill(os.getpid(), 9)")
        self.assertEqual((60000, 60000, "S 9"), (len(result.out), len(result.err), result.status))

    def test_closed_outputs_do_not_end_the_job(self):
        program = "import os, time; os.write(1, b'a'); os.close(1); os.close(2); time.sleep(0.1); os._exit(4)"
        start = time.process_time()
        result = self.run_program(program)
        self.assertEqual((b"a", "E 4"), (bytes(result.out), result.status))
        self.assertLess(time.process_time() - start, 0.5)

    def test_a_worker_that_does_not_read_blocks_the_program_but_not_the_kill(self):
        job = self.begin("import os\nwhile True: os.write(1, bytes(65536))")
        inside = inside_of(job)
        select.select([], [], [], 0.3)
        job.send("i", b"still taken")
        job.send("K")
        self.assert_gone(inside[1:], 2)  # all but init, which still has output for us
        result = job.finish(None)
        self.assertEqual("S 9", result.status)
        self.assertLess(len(result.out), 2 << 20)

    def test_a_prompt_comes_before_its_answer(self):
        job = self.begin("name = input('name? '); print('hello', name)")
        self.wait_for(job, b"name? ")
        job.send("i", b"Ada\n")
        self.assertEqual(b"name? hello Ada\n", bytes(job.finish(b"").out))


DAEMONS = """
    import os, signal, time
    def daemon(hard):
        if os.fork() == 0:
            os.setsid()
            if os.fork(): os._exit(0)
            for s in range(1, 65):
                try: signal.signal(s, signal.SIG_IGN)
                except (OSError, ValueError): pass
            if hard == 'busy':
                while True: pass
            if hard == 'stopped': os.kill(os.getpid(), signal.SIGSTOP)
            while True: time.sleep(1)
        else:
            os.wait()
    for hard in ('busy', 'stopped', 'idle') * 3: daemon(hard)
    """


@in_a_slot_too
@with_python_init_too
class Ends(JailTest):
    def test_daemons_do_not_outlive_the_program(self):
        job = self.begin(DAEMONS + "\n    print('made', flush=True); input(); os._exit(5)")
        self.wait_for(job, b"made")
        inside = inside_of(job)
        self.assertGreaterEqual(len(inside), 10)
        job.send("i", b"\n")
        start = time.monotonic()
        self.assertEqual("E 5", job.finish(None).status)
        self.assertLess(time.monotonic() - start, 1)
        self.assertEqual([], [pid for pid in inside[1:] if is_alive(pid)])

    def test_interrupt_is_keyboardinterrupt(self):
        job = self.begin(
            """
            import time
            try:
                print('on', flush=True); time.sleep(60)
            except KeyboardInterrupt:
                print('interrupted'); raise
            """
        )
        self.wait_for(job, b"on")
        job.send("I")
        result = job.finish(None)
        self.assertEqual("S 2", result.status)
        self.assertIn(b"interrupted", result.out)
        self.assertTrue(result.err.endswith(b"\nKeyboardInterrupt\n"))

    def test_terminate_reaches_the_programs_group(self):
        job = self.begin("import subprocess; p = subprocess.Popen(['sleep', '60']); print('on', flush=True); p.wait()")
        self.wait_for(job, b"on")
        job.send("T")
        self.assertEqual("S 15", job.finish(None).status)

    def test_kill_ends_a_busy_loop_whose_children_ignore_signals(self):
        job = self.begin(DAEMONS + "\n    print('made', flush=True)\n    while True: pass")
        self.wait_for(job, b"made")
        start = time.monotonic()
        job.send("K")
        self.assertEqual("S 9", job.finish(None).status)
        self.assertLess(time.monotonic() - start, 1)

    def test_kill_ends_a_fork_bomb(self):
        job = self.begin("import os\nprint('on', flush=True)\nwhile True:\n    try: os.fork()\n    except OSError: pass")
        self.wait_for(job, b"on")
        select.select([], [], [], 0.2)
        job.send("K")
        self.assertEqual("S 9", job.finish(None, SOON).status)

    def test_closing_the_socket_ends_everything(self):
        for name, rest in (("busy", "while True: pass"), ("stopped", "os.kill(os.getpid(), signal.SIGSTOP)"), ("flooding", "while True: os.write(1, bytes(65536))")):
            with self.subTest(name):
                job = self.begin(DAEMONS + "\n    print('made', flush=True)\n    " + rest)
                self.wait_for(job, b"made")
                inside = inside_of(job)
                self.assertGreaterEqual(len(inside), 11)
                job.worker.close()
                self.assert_gone(inside, 1)

    def test_closing_the_socket_ends_a_parked_jail(self):
        job = self.maker.start().ready()
        self.addCleanup(job.close)
        inside = inside_of(job)
        self.assertEqual(2, len(inside))
        job.worker.close()
        self.assert_gone(inside, 1)



@in_a_slot_too
class Walls(JailTest):
    """What a program cannot do. Each program tries, and tells what happened."""

    def errors(self, attempts, setup=""):
        """The errno names that these expressions fail with; None for one that succeeds."""
        lines = [setup, "import os, json, errno, socket, ctypes, signal, resource", "answers = []"]
        for attempt in attempts:
            lines += ["try:", f"    {attempt}", "    answers.append(None)", "except OSError as e:", "    answers.append(errno.errorcode.get(e.errno, str(e)))"]
        return self.answer("\n".join([*lines, "print(json.dumps(answers))"]))

    def test_nobody_answers_at_the_workers_socket(self):
        self.assertEqual(["ECONNREFUSED", "EROFS", "EROFS", "EROFS"], self.errors([
            "socket.socket(socket.AF_UNIX).connect('/bay/s')", "os.unlink('/bay/s')", "open('/bay/x', 'w')", "os.chmod('/bay', 0o777)"]))  # fmt: skip

    def test_init_cannot_be_read_or_steered(self):
        attempts = [f"open('/proc/1/{name}', 'rb').read()" for name in ("mem", "environ", "maps", "auxv", "stack", "syscall")]
        attempts += ["os.listdir('/proc/1/fd')", "open('/proc/1/fd/20', 'wb')", "os.readlink('/proc/1/exe')", "os.listdir('/proc/1/root/work')",
                     "resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))",
                     "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))", "os.sched_setaffinity(1, {0})", "os.setpriority(os.PRIO_PROCESS, 1, 19)",
                     "os.setpriority(os.PRIO_USER, 1000, 19)", "os.setpriority(os.PRIO_PGRP, 1, 19)", "open('/proc/1/oom_score_adj', 'w').write('1000')"]  # fmt: skip
        seen = self.errors(attempts)
        self.assertTrue(set(seen) <= {"EACCES", "EPERM", "EROFS"}, seen)
        own = "os.sched_setaffinity(0, os.sched_getaffinity(0)); os.setpriority(os.PRIO_PROCESS, 0, 19); resource.prlimit(2, resource.RLIMIT_CPU, (99, 99))"
        self.assertEqual([None], self.errors([own]))

    def test_init_does_not_listen_to_signals_of_the_program(self):
        program = """
            import os, signal
            for s in range(1, 65): os.kill(1, s)
            print('here', flush=True)
            """
        result = self.run_program(program)
        self.assertEqual(("E 0", b"here\n"), (result.status, bytes(result.out)))

    def test_there_is_no_network_but_a_loopback_of_its_own(self):
        program = """
            import socket, json
            names = [name for _, name in socket.if_nameindex()]
            server = socket.create_server(('127.0.0.1', 0)); client = socket.create_connection(server.getsockname()); client.sendall(b'hi')
            seen = server.accept()[0].recv(2).decode()
            try: socket.create_connection(('192.0.2.1', 80), 5); out = None
            except OSError as e: out = e.errno
            print(json.dumps([names, seen, out, socket.gethostbyname('localhost'), socket.gethostname(), socket.getservbyname('https')]))
            """
        self.assertEqual([["lo"], "hi", 101, "127.0.0.1", "sandbox", 443], self.answer(program))

    def test_only_three_places_can_be_written(self):
        inside = ["/", "/usr", "/usr/lib", "/etc", "/opt/boot", "/bay", "/dev", "/proc", "/var", "/home", "/root"]
        seen = self.errors([f"open('{path}/x', 'w')" for path in inside])
        self.assertTrue(all(error in ("EROFS", "EACCES", "ENOENT") for error in seen), seen)
        self.assertEqual([None] * 3, self.errors([f"open('{path}/x', 'w').write('x')" for path in ("/work", "/tmp", "/dev/shm")]))
        self.assertEqual(["ENOSPC"] * 3, self.errors([f"[open('{path}/x', 'ab').write(bytes(1 << 20)) for _ in range(70)]" for path in ("/work", "/tmp", "/dev/shm")]))
        self.assertEqual(["ENOSPC"], self.errors(["[os.mkdir(f'/tmp/{n}') for n in range(20000)]"]))

    def test_the_host_does_not_show(self):
        program = """
            import os, json
            print(json.dumps([sorted(os.listdir('/')), sorted(os.listdir('/etc')), sorted(os.listdir('/dev')),
                              sorted(n for n in os.listdir('/proc') if not n.isdigit()), open('/etc/passwd').read().count('\\n'),
                              [n for n in os.listdir('/proc') if n.isdigit()], open('/proc/self/cgroup').read()]))
            """
        top, etc, dev, proc, users, pids, groups = self.answer(program)
        self.assertEqual(sorted({"bay", "bin", "dev", "etc", "lib", "opt", "proc", "sbin", "tmp", "usr", "work"} | ({"lib64"} if platform.machine() == "x86_64" else set())), top)
        self.assertEqual([n for n in etc if not n.startswith("python3")], ["fonts", "group", "hosts", "nsswitch.conf", "passwd", "protocols", "services"])
        self.assertEqual(["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"], dev)
        self.assertTrue({"self", "thread-self"} >= set(proc), proc)
        self.assertEqual((3, ["1", "2"]), (users, pids))
        self.assertTrue(all(line.endswith(":/") for line in groups.split()), groups)

    def test_no_right_is_left(self):
        program = """
            import json
            print(json.dumps(dict(line.split(':\\t') for line in open('/proc/self/status').read().splitlines() if line.startswith(('Cap', 'NoNew', 'Seccomp:', 'Uid')))))
            """
        status = self.answer(program)
        self.assertEqual({"0" * 16}, {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")})
        self.assertEqual(("1", "2", "1000\t1000\t1000\t1000"), (status["NoNewPrivs"], status["Seccomp"], status["Uid"]))

    def test_denied_calls_fail_with_an_errno(self):
        # name: (number on x86_64, on aarch64, arguments, errno)
        calls = {
            "ptrace": (101, 117, (0, 0, 0, 0), "EPERM"),
            "process_vm_readv": (310, 270, (1, 0, 0, 0, 0, 0), "EPERM"),
            "mount": (165, 40, (0, 0, 0, 0, 0), "EPERM"),
            "umount2": (166, 39, (0, 0), "EPERM"),
            "unshare": (272, 97, (0x10000000,), "EPERM"),
            "setns": (308, 268, (0, 0), "EPERM"),
            "clone with a new user namespace": (56, 220, (0x10000011, 0, 0, 0, 0), "EPERM"),
            "clone3": (435, 435, (0, 0), "ENOSYS"),
            "bpf": (321, 280, (0, 0, 0), "EPERM"),
            "perf_event_open": (298, 241, (0, 0, -1, -1, 0), "EPERM"),
            "userfaultfd": (323, 282, (1,), "EPERM"),
            "seccomp": (317, 277, (1, 0, 0), "EPERM"),
            "io_uring_setup": (425, 425, (1, 0), "ENOSYS"),
            "io_uring_enter": (426, 426, (1, 0), "ENOSYS"),
            "keyctl": (250, 219, (0, -3, 0, 0, 0), "EPERM"),
            "add_key": (248, 217, (0, 0, 0, 0, 0), "EPERM"),
            "open_by_handle_at": (304, 265, (0, 0, 0), "EPERM"),
            "fanotify_init": (300, 262, (0, 0), "EPERM"),
            "open_tree": (428, 428, (0, 0, 0), "EPERM"),
            "fsopen": (430, 430, (0, 0), "EPERM"),
            "pidfd_getfd": (438, 438, (0, 0, 0), "EPERM"),
            "memfd_secret": (447, 447, (0,), "EPERM"),
            "statmount": (457, 457, (0, 0, 0, 0), "EPERM"),
            "inotify_init1": (294, 26, (0,), "EMFILE"),
            "swapon": (167, 224, (0, 0), "EPERM"),
            "reboot": (169, 142, (0, 0, 0, 0), "EPERM"),
            "personality": (135, 92, (0x0040000,), "EPERM"),
            "ioctl TIOCSTI": (16, 29, (0, 0x5412, 0), "EPERM"),
            "ioctl TIOCSTI with high bits": (16, 29, (0, 0x100005412, 0), "EPERM"),
            "prlimit64 of init": (302, 261, (1, 0, 0, 0), "EPERM"),
            "prlimit64 of init with high bits": (302, 261, (1 << 32 | 1, 0, 0, 0), "EPERM"),
            "sched_setaffinity of init with high bits": (203, 122, (1 << 32 | 1, 0, 0), "EPERM"),
            "setpriority of init with high bits": (141, 140, (0, 1 << 32 | 1, 19), "EPERM"),
        }
        column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
        setup = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(*numbers):
    if libc.syscall(*map(ctypes.c_long, numbers)) == -1: raise OSError(ctypes.get_errno(), '')
"""
        attempts = [f"call({', '.join(map(str, (row[column], *row[2])))})" for row in calls.values()]
        self.assertEqual({name: row[3] for name, row in calls.items()}, dict(zip(calls, self.errors(attempts, setup))))
        if platform.machine() == "x86_64":
            # x32 entries would pass the filter: the kernel must not have them.
            self.assertEqual(["ENOSYS"] * 3, self.errors([f"call(0x40000000 | {number}, 0, 0)" for number in (39, 272, 101)], setup))

    @unittest.skipUnless(platform.machine() == "x86_64", "only this machine has a second way in")
    def test_the_32_bit_entry_ends_the_process(self):
        program = """
            import ctypes, mmap
            page = mmap.mmap(-1, 4096, prot=7)
            page.write(bytes.fromhex('b814000000cd80c3'))  # mov eax, 20; int 0x80; ret
            ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
            """
        self.assertEqual(f"S {signal.SIGSYS.value}", self.run_program(program).status)

    def test_sockets_of_strange_families_are_refused(self):
        self.assertEqual(["EAFNOSUPPORT"] * 5, self.errors([
            f"socket.socket({arguments})" for arguments in ("40, 1", "17, 3, 3", "38, 5", "16, 3, 6", "31, 3")]))  # fmt: skip


class OrdinaryPrograms(JailTest):
    def test_sqlite(self):
        program = """
            import sqlite3
            db = sqlite3.connect('x.db'); db.execute('pragma journal_mode=wal'); db.execute('create table t(n)')
            with db: db.executemany('insert into t values (?)', ((n,) for n in range(1000)))
            print(db.execute('select sum(n) from t').fetchone()[0])
            """
        self.assertEqual(499500, self.answer(program))

    def test_threads(self):
        program = "from concurrent.futures import ThreadPoolExecutor as P\nprint(sum(P(16).map(lambda n: n * n, range(100))))"
        self.assertEqual(328350, self.answer(program))

    def test_multiprocessing(self):
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                program = f"""
                    import multiprocessing as m
                    def f(n): return n * n
                    if __name__ == '__main__':
                        with m.get_context('{method}').Pool(2) as pool: print(sum(pool.map(f, range(100))))
                    """
                self.assertEqual(328350, self.answer(program))

    def test_shared_memory(self):
        program = """
            from multiprocessing import shared_memory, Lock, Value
            s = shared_memory.SharedMemory(create=True, size=4096); s.buf[0] = 7; print(s.buf[0] + Value('i', 3).value); s.close(); s.unlink()
            """
        self.assertEqual(10, self.answer(program))

    def test_subprocess(self):
        program = """
            import subprocess, sys
            out = subprocess.run([sys.executable, '-c', 'import sys; print(len(sys.stdin.read()))'], input='x' * 100000, capture_output=True, text=True)
            shell = subprocess.run('cat /dev/stdin | wc -c', shell=True, input=b'abc', capture_output=True)
            print([int(out.stdout), out.stderr, int(shell.stdout)].__repr__().replace("'", '"'))
            """
        self.assertEqual([100000, "", 3], self.answer(program))

    def test_asyncio(self):
        program = """
            import asyncio, sys
            async def main():
                p = await asyncio.create_subprocess_exec(sys.executable, '-c', 'print(6)', stdout=-1)
                server = await asyncio.start_server(lambda r, w: w.close(), '127.0.0.1', 0)
                print(int((await p.communicate())[0]) + len(server.sockets))
            asyncio.run(main())
            """
        self.assertEqual(7, self.answer(program))

    def test_tempfile_and_user_names(self):
        program = """
            import tempfile, json, os, getpass, pwd, pathlib, grp, time, locale, zoneinfo
            with tempfile.NamedTemporaryFile() as f: name = os.path.dirname(f.name)
            print(json.dumps([name, getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir, str(pathlib.Path.home()), grp.getgrgid(os.getgid()).gr_name,
                              time.tzname[0], locale.getpreferredencoding(), len(os.urandom(8)), open('/dev/zero', 'rb').read(2).hex()]))
            open('/dev/null', 'w').write('x')
            """
        self.assertEqual(["/tmp", "user", "/work", "/work", "user", "UTC", "utf-8", 8, "0000"], [str(x).lower() if x == "UTF-8" else x for x in self.answer(program)])

    def test_one_jail_after_another_knows_nothing_of_it(self):
        self.run_program("open('/tmp/x', 'w'), open('/work/x', 'w'), open('/dev/shm/x', 'w')")
        self.assertEqual([["main.py"], [], []], self.answer("import os, json; print(json.dumps([os.listdir(p) for p in ('/work', '/tmp', '/dev/shm')]))"))


@in_a_slot_too
@with_python_init_too
class StackDump(JailTest):
    def dump_of(self, text, **options):
        """Begins the program, asks for its stacks when it has said "on", and waits for them."""
        job = self.begin(text, **options)
        self.wait_for(job, b"on\n")
        job.dump()
        whole = rb'Current thread(?s:.)*  File "[^"]*main.py", line \d+ in <module>\n'
        # It is written in many pieces, and a flood of NUL from another thread may come between any two of them.
        job.finish(None, SOON, until=lambda result: re.search(whole, result.dump.replace(b"\0", b"")))
        return job

    def kill(self, job):
        job.send("K")
        result = job.finish(None)
        self.assertEqual("S 9", result.status)
        return result

    def test_the_dump_names_the_line(self):
        # Each line prints first: the program may be anywhere in it when the signal comes.
        for name, line in (
            ("sleep", "time.sleep(60)"),
            ("busy", "while not n or n > 0: n = n or print('on', flush=True) or 1"),
            ("regex", "re.match(r'(a+)+$', 'a' * 60 + 'b')"),
            ("lock", "l = threading.Lock(); l.acquire(); l.acquire()"),
            ("input", "input()"),
            ("call into C", "[ctypes.CDLL(None).pause() for _ in range(1_000_000)]"),
        ):
            with self.subTest(name):
                statement = line if line.startswith("while") else f"print('on', flush=True); {line}"
                job = self.dump_of(f"import ctypes, re, threading, time\n\ndef inner(n=0):\n    {statement}\n\ninner()")
                self.assertRegex(job.result.dump, rb'(?m)^Current thread 0x[0-9a-f]+ \(most recent call first\):\n(  .*\n)*?  File "/work/main.py", line 4 in inner\n')
                self.assertIn(b'  File "/work/main.py", line 6 in <module>\n', job.result.dump)
                self.assertEqual(b"", bytes(self.kill(job).err))
                job.close()

    def test_all_threads_are_in_it(self):
        job = self.dump_of(
            """
            import threading, time
            def one(): time.sleep(60)
            def two(): threading.Event().wait()
            for f in (one, two): threading.Thread(target=f).start()
            while True:
                print('on', flush=True); time.sleep(60)
            """
        )
        for line in (b"line 3 in one", b"line 4 in two", b"line 7 in <module>"):
            self.assertIn(b'File "/work/main.py", ' + line + b"\n", job.result.dump)
        self.kill(job)

    def test_stderr_from_before_stays_ordinary(self):
        job = self.dump_of("import sys, time\nsys.stderr.write('before\\n'); print('on', flush=True); time.sleep(60)")
        self.assertEqual(b"before\n", bytes(self.kill(job).err))
        self.assertTrue(job.result.dump.startswith(b"Current thread 0x"), job.result)

    def test_stderr_from_before_that_waits_in_the_pipe_stays_ordinary(self):
        # Nothing is read until the dump was asked for, so init's frame is stuck, and the pipe is full.
        job = self.begin("import os; data = memoryview(bytes(8 << 20))\nwhile data: data = data[os.write(2, data) :]")
        self.addCleanup(job.close)
        select.select([], [], [], 0.3)
        job.dump()
        job.finish(None, SOON, until=lambda result: b" line 2 in <module>\n" in result.dump)
        result = job.finish(None)
        kinds = [kind for kind, _ in result.order if kind in "2D"]
        self.assertEqual(sorted(kinds), kinds)  # 2 before D
        self.assertGreaterEqual(len(result.err), 65536)
        stack = bytes(result.dump).replace(b"\0", b"")
        self.assertRegex(stack, rb'^Current thread 0x[0-9a-f]+ \(most recent call first\):\n  File "/work/main.py", line 2 in <module>\n$')
        self.assertEqual((8 << 20) + len(stack), len(result.err) + len(result.dump))

    def test_a_flood_on_stderr_does_not_hold_it_up(self):
        job = self.dump_of(
            """
            import os, threading, time
            def flood():
                while True: os.write(2, bytes(65536))
            threading.Thread(target=flood, daemon=True).start()
            print('on', flush=True); time.sleep(60)
            """
        )
        self.kill(job)

    def test_the_programs_children_survive(self):
        job = self.dump_of(
            """
            import os, subprocess, time
            children = [subprocess.Popen(['sleep', '60']), subprocess.Popen(['/usr/bin/python3', '-c', 'input()'], stdin=subprocess.PIPE)]
            if not os.fork(): time.sleep(60)
            print('on', flush=True); input()
            print([c.poll() for c in children])
            """
        )
        self.assertEqual(5, len(inside_of(job)))
        result = job.finish(b"\n")
        self.assertEqual((b"on\n[None, None]\n", "E 0"), (bytes(result.out), result.status))

    def test_a_second_dump_is_ignored(self):
        job = self.dump_of("import sys\nprint('on', flush=True); input(); sys.stderr.write('after')")
        job.dump()
        result = job.finish(b"\n")
        self.assertEqual(("E 0", 1), (result.status, result.dump.count(b"Current thread")))
        self.assertTrue(result.dump.endswith(b"after"), result.dump)

    def test_a_dump_after_the_end_changes_nothing(self):
        with self.maker.start() as job:
            result = job.run(b"import sys; sys.stderr.write('err')")
            job.dump()
            self.assertEqual(({b"main.py": 35}, 0), job.files())
            self.assertEqual((b"err", b"", "E 0"), (bytes(result.err), bytes(result.dump), result.status))

    def test_a_program_without_stderr(self):
        job = self.begin("import os\nos.close(2); print('on', flush=True); print(input())")
        self.wait_for(job, b"on")
        job.dump()
        result = job.finish(b"still\n")
        self.assertEqual((b"on\nstill\n", b"", "E 0"), (bytes(result.out), bytes(result.dump), result.status))

    def test_a_program_whose_stderr_is_a_file(self):
        job = self.begin(
            """
            import os, threading, time
            os.dup2(os.open('log', os.O_CREAT | os.O_WRONLY), 2)
            def watch():
                while not os.stat('log').st_size: time.sleep(0.001)
                print('dumped', flush=True)
            threading.Thread(target=watch, daemon=True).start()
            print('on', flush=True); time.sleep(60)
            """
        )
        self.wait_for(job, b"on")
        job.dump()
        self.wait_for(job, b"dumped")
        self.assertEqual(b"", bytes(self.kill(job).dump))
        self.assertIn(b"(most recent call first)", job.file("log"))

    def test_a_program_that_ignores_the_signal_or_uses_faulthandler_itself(self):
        for setup in ("signal.signal(62, signal.SIG_IGN)", "signal.pthread_sigmask(signal.SIG_BLOCK, {62})", "faulthandler.unregister(62)"):
            with self.subTest(setup):
                job = self.begin(f"import faulthandler, signal\nfaulthandler.enable(); faulthandler.register(10); {setup}\nprint('on', flush=True); input()")
                self.wait_for(job, b"on")
                job.dump()
                job.send("K")
                self.assertIn(job.finish(None).status, ("S 9", "S 62") if "unregister" in setup else ("S 9",))
                job.close()
        self.kill(self.dump_of("import faulthandler\nfaulthandler.enable(); faulthandler.register(10); print('on', flush=True); input()"))

    def test_another_python_in_the_programs_place(self):
        main = "import os, sys\nos.execv(sys.executable, [sys.executable, 'other/main.py'])"
        job = self.dump_of(main, files={"other/main.py": b"\n\nprint('on', flush=True); input()"})
        self.assertIn(b'File "/work/other/main.py", line 3 in <module>\n', job.result.dump)
        self.kill(job)

    def test_an_interpreter_that_was_started_anew(self):
        self.kill(self.dump_of("import time\nprint('on', flush=True); time.sleep(60)", environment={"PYTHONHASHSEED": "1"}))


# Tells every open descriptor and its kind, with nothing but what is built in.
DESCRIPTORS = b"""
import posix
found = []
for fd in range(256):
    try: found.append((fd, posix.fstat(fd).st_mode >> 12))
    except OSError: pass
posix.write(1, b"%r\\n" % (found,))
"""
THREE_PIPES = b"[(0, 1), (1, 1), (2, 1)]\n"


@in_a_slot_too
class Restart(JailTest):
    """Variables that an interpreter reads at its own start."""

    def test_the_interpreter_reads_them(self):
        program = code(
            """
            import sys, os, signal, locale, site
            print(hash('x'), sys.flags, sys.warnoptions, sys.path, sys.dont_write_bytecode, sys.pycache_prefix, sys.argv, sys.orig_argv)
            print([(s.encoding, s.errors, s.line_buffering, s.write_through) for s in (sys.stdin, sys.stdout, sys.stderr)], locale.getlocale())
            print(sys.getfilesystemencoding(), site.getuserbase(), sorted(set(sys.modules) - {'sitecustomize'}), sorted(os.environ.items()))
            print(open('/proc/self/cmdline', 'rb').read(), open('/proc/self/comm').read(), os.getcwd(), '%o' % os.umask(0), os.listdir('/proc/self/fd'))
            print(signal.pthread_sigmask(signal.SIG_BLOCK, []), [(s, signal.getsignal(s)) for s in signal.valid_signals() if s != 62])
            print([line for line in open('/proc/self/status') if line.startswith(('SigPnd', 'SigBlk', 'SigIgn', 'Shd'))])
            print(input(), os.path.exists('__pycache__'), 'ü')
            import sub
            print(os.path.exists('__pycache__'))
            """
        )
        for environment in (
            {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "latin-1:replace"},
            {"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONFAULTHANDLER": "1", "PYTHONINSPECT": "1"},
            {"PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": "/work/lib", "PYTHONPYCACHEPREFIX": "/work/p"},
            {"PYTHONHASHSEED": "7", "LANG": "POSIX", "HOME": "/tmp", "MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.check=0"},
        ):
            with self.subTest(environment):
                files = {"sub.py": b"", "lib/sub.py": b""}
                options = {"arguments": ["a", "", "ü"], "stdin": b"line\n", "files": files, "environment": environment}
                expected = bare(program, **{**options, "environment": {k: v.replace("/work", "/nowhere") if k == "PYTHONPATH" else v for k, v in environment.items()}})
                result = self.run_program(program, **options)
                self.assertEqual(
                    [f"E {expected[0]}", expected[1].replace(b"/nowhere", b"/work").decode("latin-1"), expected[2].decode()],
                    [result.status, result.out.decode("latin-1"), result.err.decode()],
                )

    def test_ignored_signals_are_not_inherited(self):
        program = "import subprocess\nprint(subprocess.run(['grep', 'SigIgn', '/proc/self/status'], restore_signals=False, stdout=-1).stdout)"
        self.assertEqual(bare(code(program))[1], bytes(self.run_program(program, environment={"PYTHONHASHSEED": "1"}).out))

    def test_a_time_zone_is_read_when_the_sockets_are_gone(self):
        program = "import time; print(time.strftime('%H', time.localtime(0)))"
        self.assertEqual(b"05\n", bytes(self.run_program(program, environment={"TZ": "UTC-5"}).out))
        for number in range(16):  # some never end, as anywhere; but init hears
            with self.subTest(number):
                job = self.begin("import time\ntime.sleep(60)", environment={"TZ": f":/proc/self/fd/{number}"})
                job.send("K")
                self.assertEqual("S 9", job.finish(None, SOON).status)
                job.close()

    def test_another_file_is_run_as_if_it_were_on_the_command_line(self):
        program = """
            import os, sys
            print(__file__, __name__, sys.argv, sys.orig_argv, open('/proc/self/cmdline').read().split(chr(0)), os.listdir())
            print([stat.S_ISSOCK(os.fstat(int(fd)).st_mode) for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')])
            raise ValueError
            """.replace("import os", "import stat, os", 1)
        result = self.run_program(program, main="tool.py", arguments=["a", "b"])
        out = result.out.decode()
        self.assertEqual("E 1", result.status)
        self.assertIn("/work/tool.py __main__ ['tool.py', 'a', 'b'] ['/usr/bin/python3', 'tool.py', 'a', 'b'] ", out)
        self.assertIn("['/usr/bin/python3', 'tool.py', 'a', 'b', ''] ['tool.py']", out)
        self.assertNotIn("True", out)
        self.assertIn('File "/work/tool.py", line', result.err.decode())

    def test_code_that_runs_early_finds_only_the_three_pipes(self):
        version = "python" + ".".join(map(str, json.loads(bare(b"import sys; print(list(sys.version_info[:2]))")[1])))
        for name, environment, files in (
            ("sitecustomize", {"PYTHONPATH": "/work/early"}, {"early/sitecustomize.py": DESCRIPTORS}),
            ("a module of the library", {"PYTHONPATH": "/work/early"}, {"early/encodings/__init__.py": DESCRIPTORS}),
            ("a library of its own", {"PYTHONHOME": "/work/home"}, {f"home/lib/{version}/encodings/__init__.py": DESCRIPTORS}),
            ("import hook", {"PYTHONWARNINGS": "error::x.Y", "PYTHONPATH": "/work/early"}, {"early/x.py": DESCRIPTORS}),
            ("breakpoint", {"PYTHONBREAKPOINT": "x.y", "PYTHONPATH": "/work/early"}, {"early/x.py": DESCRIPTORS + b"y = print"}),
        ):
            with self.subTest(name):
                result = self.run_program("breakpoint()", environment=environment, files=files)
                self.assertIn(THREE_PIPES, bytes(result.out), result)

    def test_the_dynamic_linker_reads_them(self):
        environment = {"LD_PRELOAD": "/work/none.so", "LD_LIBRARY_PATH": "/work"}
        result = self.run_program("print('on')", environment=environment)
        self.assertEqual((b"on\n", "E 0"), (bytes(result.out), result.status))
        self.assertRegex(bytes(result.err), rb"^ERROR: ld.so: object '/work/none.so' from LD_PRELOAD cannot be preloaded[^\n]*\n$")
        self.assertIn(b"calling init", self.run_program("", environment={"LD_DEBUG": "libs"}).err)

    def test_more_than_the_kernel_takes_is_the_programs_failure(self):
        arguments = ["x" * 32000] * 100
        self.assertEqual("E 0", self.run_program("", arguments=arguments).status)
        result = self.run_program("print('never')", arguments=arguments, environment={"PYTHONHASHSEED": "1"})
        self.assertEqual(("E 126", b"", b"/usr/bin/python3: Argument list too long\n"), (result.status, bytes(result.out), bytes(result.err)))

    def test_other_variables_do_not_restart(self):
        program = "import os, sys\nprint(sys.orig_argv, open('/proc/self/cmdline').read().count('\\0'))"
        self.assertEqual(b"['/usr/bin/python3', 'main.py', 'a'] 2\n", bytes(self.run_program(program, arguments=["a"], environment={"MORE": "1"}).out))


@in_a_slot_too
@with_python_init_too
class Files(JailTest):
    """What the worker can fetch once the program has ended."""

    def left_by(self, text, **options):
        job = self.begin(text, **options)
        result = job.finish(timeout=SOON)
        self.assertEqual("E 0", result.status, result)
        return job

    def error(self, job, path):
        with self.assertRaises(OSError) as caught:
            job.file(path)
        return errno.errorcode[caught.exception.errno]

    def test_files_are_listed_and_fetched(self):
        data = random.Random(3).randbytes(300_000)
        job = self.left_by(
            "import os; os.makedirs('a/b'); open('a/b/out', 'wb').write(open('data', 'rb').read()[::-1]); open('empty', 'w'); open('/tmp/no', 'w')",
            files={"data": data},
        )
        sizes, left_out = job.files()
        self.assertEqual({b"main.py": 133, b"data": 300_000, b"a/b/out": 300_000, b"empty": 0}, sizes)
        self.assertEqual(0, left_out)
        self.assertTrue(data[::-1] == job.file("a/b/out"))
        self.assertTrue(data == job.file("data"))
        self.assertEqual(b"", job.file("empty"))
        self.assertEqual((sizes, 0), job.files())

    def test_any_name_is_a_name(self):
        names = [b"a\nb", b"\xff\xfe", " ü ".encode(), b"-rf", b"x" * 255, b"d/\x01", b"..."]
        job = self.left_by("import os\nfor n in %r: os.makedirs(b'/work/' + os.path.dirname(n), exist_ok=True); open(n, 'wb').write(n)" % names)
        sizes, left_out = job.files()
        self.assertEqual(({name: len(name) for name in names}, 0), ({k: v for k, v in sizes.items() if k != b"main.py"}, left_out))
        self.assertEqual(names, [job.file(name) for name in names])

    def test_only_regular_files_are_files(self):
        job = self.left_by(
            """
            import os, socket, stat
            os.mkdir('d'); open('d/f', 'w').write('f'); os.mkdir('empty')
            os.symlink('/etc/passwd', 'link'); os.symlink('main.py', 'near'); os.symlink('d', 'dlink'); os.symlink('/', 'root'); os.symlink('.', 'loop')
            os.symlink('nowhere', 'dangling'); os.link('d/f', 'hard'); os.mkfifo('fifo'); socket.socket(socket.AF_UNIX).bind('socket')
            try: os.mknod('device', stat.S_IFCHR | 0o666, 0)
            except OSError: os.mkfifo('device')
            """
        )
        sizes, left_out = job.files()
        self.assertEqual(({b"main.py", b"d/f", b"hard"}, 0), (set(sizes), left_out))
        for path, expected in (
            ("link", {"ELOOP"}), ("near", {"ELOOP"}), ("dangling", {"ELOOP"}), ("dlink/f", {"ENOTDIR", "ELOOP"}), ("root/etc/passwd", {"ENOTDIR", "ELOOP"}),
            ("loop/main.py", {"ENOTDIR", "ELOOP"}), ("fifo", {"EINVAL"}), ("socket", {"ENXIO"}), ("device", {"EACCES", "EINVAL"}), ("d", {"EINVAL"}),
            ("main.py/x", {"ENOTDIR"}), ("none", {"ENOENT"}), ("none/x", {"ENOENT"}), ("y" * 256, {"ENAMETOOLONG"}), ("z/" * 511 + "zz", {"ENOENT"}),
        ):  # fmt: skip
            with self.subTest(path):
                self.assertIn(self.error(job, path), expected)
        self.assertEqual(b"f", job.file("hard"))

    def test_a_sparse_file_is_as_long_as_it_says(self):
        job = self.left_by("with open('sparse', 'wb') as f: f.truncate(40 << 20); f.seek(20 << 20); f.write(b'x')")
        self.assertEqual(40 << 20, job.files()[0][b"sparse"])
        self.assertTrue(bytes(20 << 20) + b"x" + bytes((20 << 20) - 1) == job.file("sparse"))

    def test_twenty_thousand_files(self):
        job = self.left_by(
            """
            import os
            made = 0
            try:
                for n in range(20000): open(f'{n:05}', 'w').close(); made += 1
            except OSError as e: assert e.errno == 28, e
            print(made)
            """
        )
        made = int(job.result.out)
        self.assertGreater(made, 16000)
        sizes, left_out = job.files()
        self.assertEqual((10_000, made + 1), (len(sizes), len(sizes) + left_out))

    def test_deep_folders_and_long_paths(self):
        job = self.left_by(
            """
            import os
            for n in range(16): os.mkdir('d'); os.chdir('d')
            open('file', 'w').write('16'); os.mkdir('d'); open('d/file', 'w')
            for n in range(2000): os.mkdir('d') if n else None; os.chdir('d')
            os.chdir('/work'); name = 'n' * 255
            for n in range(3): os.mkdir(name); os.chdir(name)
            open('m' * 255, 'w'); os.mkdir('o' * 255); os.chdir('o' * 255); open('p', 'w'); os.mkdir('q')
            """
        )
        sizes, left_out = job.files()
        longest = b"/".join([b"n" * 255] * 3 + [b"m" * 255])
        self.assertEqual({b"main.py", b"d/" * 16 + b"file", longest}, set(sizes))
        # The seventeenth folder, and the two behind 1,024 bytes.
        self.assertEqual((1023, 3), (len(longest), left_out))
        self.assertEqual(b"16", job.file(b"d/" * 16 + b"file"))
        self.assertEqual(b"", job.file(longest))

    def test_what_cannot_be_read_is_counted(self):
        job = self.left_by(
            """
            import os
            for d in ('none', 'names'): os.mkdir(d); open(d + '/file', 'w')
            open('secret', 'w').write('x'); os.chmod('secret', 0); os.chmod('none', 0); os.chmod('names', 0o400)
            """
        )
        self.assertEqual(({b"main.py"}, 3), (set(job.files()[0]), job.files()[1]))
        for path in ("secret", "none/file", "names/file"):
            self.assertEqual("EACCES", self.error(job, path))
        job.close()
        job = self.left_by("import os; os.chmod('/work', 0)")
        self.assertEqual(({}, 1), job.files())
        self.assertEqual("EACCES", self.error(job, "main.py"))

    def test_files_of_a_killed_program(self):
        job = self.begin("import os, time\nif not os.fork():\n    while True: open('x', 'a').write('y')\nopen('part', 'w').write('abc'); print('on', flush=True); time.sleep(60)")
        self.wait_for(job, b"on")
        job.send("K")
        self.assertEqual("S 9", job.finish(None).status)
        self.assertEqual(b"abc", job.file("part"))
        self.assertEqual(job.files(), job.files())  # nobody is left who could write

    def test_a_worker_that_closes_in_the_middle(self):
        job = self.left_by("open('big', 'wb').write(bytes(32 << 20))")
        job.send("G", b"big")
        self.assertEqual(b"B\0\1\0\0", job.worker.recv(5))
        job.worker.close()
        self.assert_gone([job.init], 1)
        if not self.in_slot:
            self.assertEqual(0, job.close())

    def test_paths_that_are_not_plain_end_the_jail(self):
        for path in (b"", b"/etc/passwd", b"../etc/passwd", b"a/../main.py", b"./main.py", b"a//b", b"main.py/", b"a/.", b"..", b"main.py\0", b"x" * 1025):
            with self.subTest(path):
                job = self.left_by("")
                with self.assertRaises((JailFailed, OSError)):
                    job.file(path)
                self.assert_broken(job, "a path that is not plain")
                job.close()

    def test_a_failed_jail_has_no_files(self):
        job = self.begin("", files={"../x": b""})
        self.assertIn("not a plain relative path", job.finish().failure)
        with self.assertRaises((JailFailed, OSError)):
            job.files()
        self.assert_broken(job, "files without a status")


class SlotsOwn(JailTest):
    in_slot = True

    def test_closing_the_life_line_ends_everything(self):
        for name, rest in (("busy", "while True: pass"), ("stopped", "os.kill(os.getpid(), signal.SIGSTOP)")):
            with self.subTest(name):
                job = self.begin(DAEMONS + "\n    print('made', flush=True)\n    " + rest)
                self.wait_for(job, b"made")
                inside = inside_of(job)
                self.assertGreaterEqual(len(inside), 11)
                job.life_line.close()
                self.assert_gone(inside, 2)

    def test_a_connection_that_nobody_waits_for_makes_no_job(self):
        self.run_program("")  # it listens
        with socket.create_connection(("127.0.0.1", self.maker.port), SOON) as stranger:
            self.assertIn(b"init: /bay/s: ", stranger.recv(1000))

    def test_a_program_cannot_reach_the_slot(self):
        program = "import socket\ntry: socket.create_connection(('127.0.0.1', %d), 5)\nexcept OSError as e: print(e.errno)" % self.maker.port
        self.assertEqual(b"111\n", bytes(self.run_program(program).out))

    def test_fifty_jails_one_after_another(self):
        for number in range(50):
            self.assertEqual(b"%d\n" % number, bytes(self.run_program("print(input())", stdin=b"%d\n" % number).out))


class Copies(JailTest):
    in_slot, preload = True, []

    def test_a_crowd_in_one_jail_is_no_reason_for_no_copy_in_another(self):
        crowd = self.begin(
            """
            import threading
            threading.stack_size(1 << 16)
            try:
                while True:
                    threading.Thread(target=threading.Event().wait, daemon=True).start()
            except RuntimeError:
                print(threading.active_count(), flush=True)
            threading.Event().wait()
            """
        )
        self.wait_for(crowd, b"\n")
        self.assertGreater(int(crowd.result.out), 1000)
        with Slot(self.room) as another:
            self.assertEqual("E 0", another.run(b"import os; os.fork() or os._exit(0); os.wait()").status)


class EndOfNsjail(unittest.TestCase):
    def test_the_end_of_nsjail_ends_everything(self):
        with Room(installed_nsjail()) as room, Slot(room) as slot:
            for maker in (room, slot):
                job = maker.start()
                job.begin(code(DAEMONS + "\n    print('made', flush=True)\n    while True: pass"))
                job.finish(None, SOON, until=lambda result: result.out)
                inside = inside_of(job)
                self.assertGreaterEqual(len(inside), 11)
                job.nsjail.kill()
                end = time.monotonic() + 2
                while any(map(is_alive, inside)):
                    self.assertLess(time.monotonic(), end, "still alive")
                    select.select([], [], [], 0.002)
                job.close()


class NsjailsOwnFailures(unittest.TestCase):
    def test_a_bad_mount_is_told_in_the_log(self):
        with Room(installed_nsjail()) as room:
            room.config.write_text(room.config.read_text().replace('src: "/usr" dst: "/usr"', 'src: "/no/such" dst: "/usr"'))
            with self.assertRaisesRegex(JailFailed, r"(?s)nsjail ended with 255: .*\[E\].*'/usr'"):
                room.start()

    def test_a_private_filter_and_configuration_are_enough(self):
        # nsjail reads both before it gives up its rights.
        with Room(installed_nsjail()) as room:
            copy = room.folder / "deny"
            old = str(next(line.split('"')[1] for line in room.config.read_text().splitlines() if line.startswith("seccomp_policy_file")))
            with open(old, "rb") as file:
                copy.write_bytes(file.read())
            copy.chmod(0o600)
            room.config.write_text(room.config.read_text().replace(old, str(copy)))
            self.assertEqual("E 0", room.run(b"").status)


if __name__ == "__main__":
    # Whoever starts this in the background may have these ignored, and bare python3 would inherit that.
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)
    signal.alarm(120)  # whatever happens, the suite ends
    unittest.main(verbosity=1)
