"""The blocking client against a real node."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import onpyrunner
from onpyrunner import Client, InvalidJob, JobFailed, NotFound, OnPyRunnerError, WaitTimeout, run

PACKAGE = Path(onpyrunner.__file__).parent
LATE_S = 60


@pytest.fixture
def client(node):
    with Client(node.url) as client:
        yield client


def output(events, kind="out"):
    return "".join(e.text for e in events if e.kind == kind)


def test_a_program_runs_with_one_call(node, monkeypatch):
    monkeypatch.setenv("ONPY_URL", node.url)
    result = run("print(1)")
    assert (result.stdout, result.stderr, result.status, result.outcome, result.exit_code) == ("1\n", "", "DONE", "OK", 0)
    assert result.ok and result.ended and result.check() is result
    assert result.usage.wall_ms >= 0 and result.usage.memory_peak_bytes > 0
    assert result.limits.cpu_ms == 5000
    assert result.finished_at >= result.started_at >= result.created_at
    assert result.raw["id"] == result.id
    assert run("print(2)").stdout == "2\n"


def test_everything_reaches_the_program(client, tmp_path):
    (tmp_path / "table.csv").write_bytes(b"\xff\x00")
    program = tmp_path / "prog.py"
    program.write_text("import os, sys, ö\nprint(sys.argv[1:], os.environ['COLOUR'], ö.text, open('d/t', 'rb').read(), input())")
    result = client.run(
        program,
        files={"ö.py": "text = '雪 \U0001f40d'", "d/t": tmp_path / "table.csv"},
        entry="prog.py",
        stdin="Ägypten\u2028\n",
        args=["a b", "ß"],
        env={"COLOUR": "grün"},
        limits={"memory_bytes": 64 << 20},
        retention_s=60,
        priority=3,
        max_starts=1,
    )
    assert result.stdout == "['a b', 'ß'] grün 雪 \U0001f40d b'\\xff\\x00' Ägypten\u2028\n", result.stderr
    assert result.limits.memory_bytes == 64 << 20
    assert client.run(files={"main.py": b"print(3)"}).stdout == "3\n"
    assert client.run("import sys; print(sys.stdin.buffer.read())", stdin=b"\x00\xff").stdout == "b'\\x00\\xff'\n"


def test_bytes_that_are_no_text_are_read_exactly(client):
    result = client.run("import os; os.write(1, bytes(range(256))); os.write(2, b'\\xfe')")
    assert result.stdout_bytes == 256 and "\ufffd" in result.stdout
    assert result.read_stdout() == bytes(range(256))
    assert result.read_stderr() == b"\xfe"


def test_a_program_that_fails_is_a_result(client):
    result = client.run("print('so far'); 1 / 0")
    assert (result.ok, result.outcome, result.exit_code, result.stdout) == (False, "RUNTIME_ERROR", 1, "so far\n")
    with pytest.raises(JobFailed, match="ZeroDivisionError") as caught:
        result.check()
    assert caught.value.result is result


def test_a_batch_is_one_program_with_many_inputs(client):
    cases = [{"stdin": str(n), "expect": {"stdout": str(2 * n)}} for n in (1, 2)] + [{"args": ["x"], "limits": {"cpu_ms": 1000}}, {"stdin": b"5"}]
    batch = client.batch("import sys; print(2 * int(sys.argv[1] if sys.argv[1:] else input()))", cases, retention_s=60)
    ended = {case.index: case for case in batch.results()}
    assert sorted(ended) == [0, 1, 2, 3]
    assert [ended[n].matched for n in range(4)] == [True, True, None, None]
    assert [ended[n].ok for n in range(4)] == [True, True, False, True]
    assert (ended[2].outcome, ended[2].exit_code, ended[2].problem) == ("RUNTIME_ERROR", 1, None)
    assert ended[0].usage.wall_ms >= 0 and client.job(ended[3].id).get().stdout == "10\n"
    state = client.known_batch(batch.id).wait()
    assert state.ended and state.counts["matched"] == 2 and state.counts["done"] == len(state.cases) == 4
    assert state.cases[2] == ended[2] and batch.get() == state
    with pytest.raises(TypeError, match="no option priority"):
        client.batch("", [{"priority": 1}])
    with pytest.raises(InvalidJob) as caught:
        client.batch("", [{}, {"limits": {"cpu_ms": 0}}])
    assert caught.value.errors[0].pointer == "/cases/1/limits/cpu_ms"
    with pytest.raises(NotFound):
        client.known_batch("0-" + 26 * "2").get()


def test_a_batch_is_stopped_and_waited_for_in_vain(client):
    batch = client.batch("import time; time.sleep(50)", [{}, {}])
    with pytest.raises(WaitTimeout) as caught:
        batch.wait(timeout_s=0.2)
    assert caught.value.job_id == batch.id
    batch.cancel()
    assert batch.wait().counts["cancelled"] == 2


def test_a_limit_is_told(client):
    for _ in range(20):
        result = client.run("while True: pass", limits={"cpu_ms": 200})
        assert (result.outcome, result.limits_hit) == ("CPU_LIMIT", ("cpu",))
        if result.stack:  # on a busy machine the interpreter may not show it in the moment that it has
            break
    assert "main.py" in result.stack
    result = client.run("print('x' * 5000)", limits={"output_bytes": 1000})
    assert (result.outcome, len(result.stdout)) == ("OUTPUT_LIMIT", 1000)


def test_events_tell_all_in_order(client):
    # Characters at which str.splitlines divides, and Server-Sent Events do not.
    odd = "a\u2028b\x85c\x0bd\x1ce\r\nf\rg"
    job = client.submit(f"import sys; sys.stdout.write({odd!r}); sys.stdout.flush(); sys.stderr.write('bad')")
    events = list(job.events())
    assert output(events) == odd and output(events, "err") == "bad"
    assert [e.text for e in events if e.kind == "state"] == ["QUEUED", "RUNNING"]
    assert (events[-1].kind, events[-1].text, events[-1].raw["job"]["id"]) == ("end", "DONE", job.id)
    assert list(client.job(job.id).events(after=events[1].id)) == events[2:]
    with pytest.raises(ValueError):
        next(job.events(after="soon"))


def test_a_conversation(client):
    job = client.submit("name = input('Name? ')\nprint('Hello,', name)\nfor line in open(0): print(line.upper(), end='')", interactive=True)
    said = []
    for event in job.events():
        said.append(event)
        if event.kind == "need_input":
            if output(said) == "Name? ":
                job.send_input("Ann 雪\n")
            elif "more" not in output(said, "in"):
                job.send_input(b"more\n")
            else:
                job.close_input()
    assert output(said) == "Name? Hello, Ann 雪\nMORE\n"
    assert job.get().ok
    with pytest.raises(onpyrunner.ProblemError) as caught:
        job.send_input("late\n")
    assert caught.value.status == 409


def test_signals_and_cancel(client):
    job = client.submit("import time\ntry:\n  print('up', flush=True); time.sleep(50)\nexcept KeyboardInterrupt: print('interrupted')")
    next(e for e in job.events() if e.kind == "out")
    job.signal("INT")
    assert job.wait().stdout == "up\ninterrupted\n"
    job = client.submit("import time; print('up', flush=True); time.sleep(50)")
    next(e for e in job.events() if e.kind == "out")
    job.cancel()
    result = job.wait()
    assert (result.status, result.outcome, result.ok, result.stdout) == ("CANCELLED", None, False, "up\n")


def test_waiting_has_an_end_and_the_job_goes_on(client):
    with pytest.raises(WaitTimeout, match="has not ended after 0.3 s") as caught:
        client.run("input()", interactive=True, timeout_s=0.3)
    assert isinstance(caught.value, TimeoutError)
    job = client.job(caught.value.job_id)
    assert job.get().status in ("QUEUED", "RUNNING")
    job.close_input()
    assert job.wait(LATE_S).outcome == "RUNTIME_ERROR"


def test_files_come_back(client, tmp_path):
    source = "import os; os.mkdir('out'); open('out/a b%2F+é.bin', 'wb').write(bytes(range(256))); open('t.txt', 'w').write('hi')"
    result = client.run(source, collect=["out/*", "*.txt"])
    files = {f.path: f for f in result.files}
    binary = files["out/a b%2F+é.bin"]
    assert (binary.size_bytes, binary.read()) == (256, bytes(range(256)))
    assert files["t.txt"].media_type.startswith("text/plain")
    assert binary.save(tmp_path).read_bytes() == bytes(range(256))
    assert (tmp_path / "out" / "a b%2F+é.bin").is_file()
    with pytest.raises(FileExistsError):
        binary.save(tmp_path)
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "t.txt").symlink_to(tmp_path / "elsewhere")
    assert files["t.txt"].save(tmp_path, overwrite=True).read_text() == "hi"
    assert (tmp_path / "elsewhere").read_text() == "mine"
    (tmp_path / "link").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "out").symlink_to(tmp_path / "link")
    with pytest.raises(FileExistsError):
        binary.save(tmp_path / "other", overwrite=True)
    assert client.run("open('a.csv', 'w')", collect="*.csv").files[0].path == "a.csv"


@pytest.mark.parametrize("path", ["../up", "/etc/x", "a//b", ".", "a/../../b", "", "a\0b"])
def test_nothing_is_saved_outside_the_folder(path, tmp_path):
    with pytest.raises(OnPyRunnerError):
        onpyrunner._save.save(b"x", path, tmp_path / "in", True)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_names_what_is_wrong(client):
    with pytest.raises(InvalidJob) as caught:
        client.run("print(1)", limits={"cpu_ms": 0}, priority=9)
    problem = caught.value
    assert (problem.status, problem.title) == (422, "Invalid job")
    assert [e.pointer for e in problem.errors] == ["/limits/cpu_ms", "/priority"]
    assert "/priority: This must be from 0 to 7." in str(problem)
    assert problem.request_id
    with pytest.raises(NotFound):
        client.job("0-" + "0" * 26).get()
    with pytest.raises(NotFound):
        client.job("../readyz").get()
    with pytest.raises(TypeError, match="no option colour"):
        client.run("print(1)", colour="red")
    with pytest.raises(TypeError):
        client.run("print(1)", args="one")


def test_the_same_key_is_the_same_job(client):
    first = client.submit("print(1)", idempotency_key="a key of ours")
    assert client.submit("print(1)", idempotency_key="a key of ours") == first
    with pytest.raises(InvalidJob, match="Idempotency-Key"):
        client.submit("print(2)", idempotency_key="a key of ours")
    assert client.submit("print(1)") != first


def test_what_is_expected_is_compared(client):
    source, expected = "print(1 / 3)", {"stdout": "0.3333", "compare": "numbers", "tolerance": 0.01}
    assert [client.run(source, expect={**expected, "stdout": text}).matched for text in ("0.3333", "0.4")] == [True, False]
    assert client.run(source).matched is None


def test_runtimes_are_told(client):
    runtime = client.runtimes()[0]
    assert runtime.name == client.run("print(1)", runtime=runtime.name).runtime
    assert runtime.version.startswith("3.") and runtime.implementation == "CPython"


def test_a_wrong_address_is_told():
    with pytest.raises(ValueError, match="http://"):
        Client("localhost:8080")
    with pytest.raises(ValueError, match="no password") as caught:
        Client("http://me:secret@localhost:8080")
    assert "secret" not in str(caught.value)


def test_the_types_hold():
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml"], cwd=PACKAGE.parent.parent, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_oldest_python_can_read_it():
    for file in PACKAGE.glob("*.py"):
        ast.parse(file.read_text(), feature_version=(3, 9))


def test_it_can_be_packed(tmp_path, monkeypatch):
    import zipfile

    from flit_core import buildapi

    monkeypatch.chdir(PACKAGE.parent.parent)
    names = zipfile.ZipFile(tmp_path / buildapi.build_wheel(str(tmp_path))).namelist()
    assert {"onpyrunner/py.typed", "onpyrunner/_sync.py", "onpyrunner/_async.py"} <= set(names)
