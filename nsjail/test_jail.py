#!/usr/bin/env python3
"""The jail, tested with the real nsjail: ONPY_RUNNER_NSJAIL=PATH python3 nsjail/test_jail.py

Needs Python's standard library only and leaves nothing behind. Each test starts jails of its own; all are made in one prepared room.
"""

import hashlib
import json
import os
import platform
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from jail import CREDIT, INTERPRETER, JailFailed, Room, frame, installed_nsjail, message  # noqa: E402

# What job.cfg promises: the environment of the program.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/work", "USER": "user", "LANG": "C.UTF-8", "TZ": "UTC"}

# A wall time that no step may need; only failures wait for it.
SOON = 10


def code(text):
    return textwrap.dedent(text).encode()


def bare(program, arguments=(), stdin=b"", files=None, interpreter=INTERPRETER):
    """The same program under a bare python3, in a folder of its own, with pipes; its folder's name is replaced by /work."""
    with tempfile.TemporaryDirectory(prefix="onpy-") as folder:
        for name, content in {"main.py": program, **(files or {})}.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        done = subprocess.run(
            [interpreter, "main.py", *arguments], input=stdin, capture_output=True, cwd=folder, env=ENVIRONMENT, umask=0o022, timeout=30
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


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class JailTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.room = Room(installed_nsjail())
        cls.addClassCleanup(cls.room.close)

    def run_program(self, text, **options):
        return self.room.run(code(text) if isinstance(text, str) else text, **options)

    def answer(self, text, **options):
        """Runs a program that prints JSON and must end well."""
        result = self.run_program(text, **options)
        self.assertEqual("E 0", result.status, result)
        return json.loads(result.out)

    def begin(self, text, **options):
        job = self.room.start()
        self.addCleanup(job.close)
        job.begin(code(text), **options)
        return job

    def wait_for(self, job, output):
        job.finish(None, SOON, until=lambda result: output in result.out)
        self.assertIn(output, job.result.out)

    def assert_gone(self, pids, within):
        end = time.monotonic() + within
        while any(map(is_alive, pids)):
            self.assertLess(time.monotonic(), end, "still alive")
            select.select([], [], [], 0.002)


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

    def test_an_interpreter_that_does_not_exist_is_the_jails_failure(self):
        with self.room.start(interpreter="/usr/bin/no-such-python") as job:
            with self.assertRaisesRegex(JailFailed, "/usr/bin/no-such-python: No such file or directory"):
                job.ready()

    def test_an_interpreter_without_bootstrap_is_the_jails_failure(self):
        with self.room.start(interpreter="/usr/bin/false") as job:
            with self.assertRaisesRegex(JailFailed, "interpreter: ended before it took the job, exit code 1"):
                job.ready()

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
        with self.room.start() as job:
            job.ready()
            job.worker.sendall(b"\0\0\0\x0aA\0\0\0\0\0\0\0\xffx")
            self.assertIn("cut off", job.finish().failure)

    def test_nsjail_ends_with_inits_exit_code(self):
        job = self.room.start()
        job.run(b"raise SystemExit(7)")
        self.assertEqual(0, job.close())
        job = self.room.start()
        job.ready()
        self.assertEqual(98, job.close())


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
            ], indent=1))
            print(dict(os.environ), os.getcwd(), '%o' % (os.umask(0)), sys.stdin, sys.stdout, sys.stderr)
            print([(s.name, s.mode, s.line_buffering, s.write_through, s.errors, s.isatty(), s.fileno()) for s in (sys.stdin, sys.stdout, sys.stderr)])
            print(signal.pthread_sigmask(signal.SIG_BLOCK, []), [(s, signal.getsignal(s)) for s in signal.valid_signals()])
            print([line for line in open('/proc/self/status') if line.startswith(('Sig', 'Shd')) and not line.startswith('SigQ')])
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
        with self.room.start() as job:
            job.ready()
            program = code("import sys; print(sys.stdin.read())")
            job.worker.sendall(frame(files={"main.py": program}) + message("i", b"first") + message("i", b" second") + message("e"))
            self.assertEqual(b"first second\n", bytes(job.finish(None).out))

    def test_a_frame_may_come_in_drops(self):
        with self.room.start() as job:
            job.ready()
            for byte in frame(["a"], files={"main.py": b"import sys; print(sys.argv)"}):
                job.worker.sendall(bytes([byte]))
            self.assertEqual(b"['main.py', 'a']\n", bytes(job.finish().out))


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
        self.assertEqual(99, job.close())
        self.assertIn("more stdin than acknowledged", self.room.log.read_text())

    def test_messages_that_break_the_protocol_end_the_jail(self):
        for name, broken in (
            ("unknown type", message("?")),
            ("a payload where none belongs", message("K", b"x")),
            ("too long", b"i\0\x01\0\x01" + bytes(65537)),
            ("far too long", b"i\xff\xff\xff\xff"),
            ("stdin after its end", message("e") + message("i", b"x")),
        ):
            with self.subTest(name):
                job = self.begin("import time; print('on', flush=True); time.sleep(60)")
                self.wait_for(job, b"on")
                with self.assertRaises((JailFailed, OSError)):
                    job.worker.sendall(broken)
                    job.finish(None, SOON)
                self.assertEqual(99, job.close())

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
        inside = descendants(job.nsjail.pid)
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


class Ends(JailTest):
    def test_daemons_do_not_outlive_the_program(self):
        job = self.begin(DAEMONS + "\n    print('made', flush=True); input(); os._exit(5)")
        self.wait_for(job, b"made")
        inside = descendants(job.nsjail.pid)
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
                inside = descendants(job.nsjail.pid)
                self.assertGreaterEqual(len(inside), 11)
                job.worker.close()
                self.assert_gone(inside, 1)

    def test_closing_the_socket_ends_a_parked_jail(self):
        job = self.room.start().ready()
        self.addCleanup(job.close)
        inside = descendants(job.nsjail.pid)
        self.assertEqual(2, len(inside))
        job.worker.close()
        self.assert_gone(inside, 1)

    def test_the_end_of_nsjail_ends_everything(self):
        job = self.begin(DAEMONS + "\n    print('made', flush=True)\n    while True: pass")
        self.wait_for(job, b"made")
        inside = descendants(job.nsjail.pid)
        job.nsjail.kill()
        self.assert_gone(inside, 1)


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
        self.assertEqual([n for n in etc if not n.startswith("python3")], ["group", "hosts", "nsswitch.conf", "passwd", "protocols", "services"])
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
