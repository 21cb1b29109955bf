"""Other runners' protocols: their published clients where there are some, their documents' examples, and what else may come."""

import asyncio
import base64
import re
import time

import httpx
import judge0
import judge0_client
import pytest
import testing
import ultra_piston

LATE_S = 60


@pytest.fixture
def http(node):
    with httpx.Client(base_url=node.url, timeout=LATE_S) as http:
        yield http


# --- POST /execute ---


def executed(http, **request):
    """What a client of it does: post, then ask until there is a result."""
    answer = http.post("/execute", json={"language": "python", **request})
    assert answer.status_code == 200
    job = answer.json()
    assert job == {"job_id": job["job_id"], "status": "PENDING"}
    end = time.monotonic() + LATE_S
    while time.monotonic() < end:
        found = http.get(f"/jobs/{job['job_id']}").json()
        assert found["job_id"] == job["job_id"]
        if found["status"] in ("COMPLETED", "FAILED"):
            return found
        assert found == {"job_id": job["job_id"], "status": found["status"]} and found["status"] in ("PENDING", "RUNNING")
    raise AssertionError("it did not end in time")


def test_execute(http):
    found = executed(http, source_code="a, b = map(int, input().split()); print(a + b)", stdin="1 2")
    result = found["result"]
    assert (found["status"], result["outcome"], result["stdout"], result["stderr"], result["exit_code"]) == (
        "COMPLETED",
        "SUCCESS",
        "3\n",
        "",
        0,
    )
    assert set(result["usage_info"]) == {"cpu_time_ms", "wall_time_ms"}
    for source, limits, outcome, code in [
        ("print(1/0)", {}, "RUNTIME_ERROR", 1),
        ("import os; os.kill(os.getpid(), 11)", {}, "RUNTIME_ERROR", 139),
        ("while True: pass", {"cpu_time_ms": 200}, "TIME_LIMIT_EXCEEDED", 137),
        ("a = [1] * 1000000000; print(a)", {"memory_mb": 32}, "MEMORY_LIMIT_EXCEEDED", None),
        ("while True: print('x' * 1000)", {}, "STDOUT_LIMIT_EXCEEDED", 137),
        ("import sys\nwhile True: print('x' * 1000, file=sys.stderr)", {}, "STDERR_LIMIT_EXCEEDED", 137),
    ]:
        result = executed(http, source_code=source, limits=limits)["result"]
        assert (result["outcome"], result["exit_code"]) == (outcome, result["exit_code"] if code is None else code), source
        assert result["exit_code"] != 0
    job = http.post("/execute", json={"language": "python", "source_code": "import time; time.sleep(50)", "stdin": None}).json()["job_id"]
    http.delete(f"/v1/jobs/{job}")
    end = http.get(f"/v1/jobs/{job}?wait=30").json()
    while end["status"] in ("QUEUED", "RUNNING"):
        end = http.get(f"/v1/jobs/{job}?wait=30").json()
    assert http.get(f"/jobs/{job}").json() == {"job_id": job, "status": "FAILED", "reason": "Cancelled."}


def test_execute_refuses(http):
    for request, place in [
        ({"source_code": ""}, ["body", "language"]),
        ({"language": "python"}, ["body", "source_code"]),
        ({"language": "rust", "source_code": ""}, ["body", "language"]),
        ({"language": "python", "source_code": 5}, ["body", "source_code"]),
        ({"language": "python", "source_code": "", "limits": {"cpu_time_ms": 0}}, ["body", "limits", "cpu_ms"]),
        ({"language": "python", "source_code": "", "limits": {"cpu_time_ms": "soon"}}, ["body", "cpu_time_ms"]),
        ({"language": "python", "source_code": "", "limits": 3}, ["body", "limits"]),
    ]:
        answer = http.post("/execute", json=request)
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, place), request
    assert http.post("/execute", content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert http.post("/execute", json=[]).status_code == 400
    assert http.post("/execute", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    for job in ("0-" + "0" * 26, "x"):
        answer = http.get(f"/jobs/{job}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Job not found"})


# --- Piston ---


@pytest.fixture
def piston(node):
    return ultra_piston.PistonClient(base_url=f"{node.url}/api/v2/", rate_limit=0)


def test_piston_by_its_client(piston):
    runtime = piston.get_runtimes()[0]
    assert runtime.language == "python" and runtime.runtime.startswith("python3") and re.match(r"3\.\d+\.\d+", runtime.version)
    file = ultra_piston.File(name="prog.py", content="import sys; print(sys.argv, input()); print('e', file=sys.stderr)")
    output = piston.post_execute("py", runtime.version, file, stdin="雪", args=["1", "2"], run_timeout=5000)
    assert (output.language, output.version) == ("python", runtime.version)
    assert (output.run.stdout, output.run.stderr, output.run.code, output.run.signal) == ("['prog.py', '1', '2'] 雪\n", "e\n", 0, None)
    output = piston.post_execute("python", "3.x", ultra_piston.File(content="while True: pass"), run_timeout=300)
    assert (output.run.code, output.run.signal) == (None, "SIGKILL")
    encoded = ultra_piston.File(content=base64.b64encode(b"1 / 0").decode(), encoding="base64")
    assert piston.post_execute("python3", "*", encoded).run.code == 1
    with pytest.raises(ultra_piston.errors.BadRequestError):
        piston.post_execute("rust", "*", encoded)


def test_piston_in_full(http):
    def run(**request):
        return http.post("/api/v2/execute", json={"language": "python", "version": "*", **request})

    # The pauses are long enough for the two streams to be told apart: there is no order within a moment.
    source = "import sys, time\nfor to in (1, 2, 1):\n  print(to, file=[sys.stdout, sys.stderr][to - 1], flush=True); time.sleep(0.2)\nprint(open('a/b').read())"
    files = [{"content": source, "name": None}, {"name": "a/b", "content": "00ff41".upper(), "encoding": "utf8"}]
    ran = run(files=files, stdin=None, args=None, compile_timeout=10000, compile_memory_limit=-1, run_memory_limit=-1).json()["run"]
    assert ran["output"] == "1\n2\n1\n00FF41\n"
    assert (ran["status"], ran["message"], ran["code"]) == (None, None, 0) and ran["memory"] > 0
    hexed = run(files=[{"content": b"print('hex')".hex(), "encoding": "hex"}]).json()["run"]
    assert hexed["stdout"] == "hex\n"
    for source, limits, status in [
        ("1 / 0", {}, "RE"),
        ("import os; os.kill(os.getpid(), 11)", {}, "SG"),
        ("while True: pass", {"run_cpu_time": 200}, "TO"),
        ("print('x' * 2000000)", {}, "OL"),
        ("import sys; sys.stderr.write('x' * 2000000)", {}, "EL"),
    ]:
        ran = run(files=[{"content": source}], **limits).json()["run"]
        assert ran["status"] == status and ran["message"], source
    for version in ("3", "3.x", "3.11", "3.11.x", "^3.9", ">=3.9.1", "~3.11.0", "x", "", "v3", "*"):
        assert run(files=[{"content": ""}], version=version).status_code == 200, version
    for version in ("2", "3.1", "^4", "~3.12", ">=4", "3.11.2.1", "soon", "3.11.2 || 4"):
        answer = run(files=[{"content": ""}], version=version)
        assert (answer.status_code, answer.json()) == (400, {"message": f"python-{version} runtime is unknown"})
    for request in [
        {},
        {"files": []},
        {"files": "x"},
        {"files": ["x"]},
        {"files": [{"name": "a"}]},
        {"files": [{"content": "", "encoding": "rot13"}]},
        {"files": [{"content": "f", "encoding": "hex"}]},
        {"files": [{"content": "?", "encoding": "base64"}]},
        {"files": [{"content": "", "name": "../a"}]},
        {"files": [{"content": ""}], "args": "x"},
        {"files": [{"content": ""}], "run_timeout": 10**12},
        {"files": [{"content": ""}], "language": None},
        {"files": [{"content": ""}], "version": 3},
    ]:
        answer = run(**request)
        assert answer.status_code == 400 and answer.json()["message"], request


# --- Judge0 ---


def test_judge0_by_its_official_client(node):
    client = judge0.Client(node.url)
    assert client.config.max_submission_batch_size == 20 and client.is_language_supported(judge0.PYTHON)
    result = judge0.run(client=client, source_code="print('hello,', input())", language=judge0.PYTHON, stdin="Judge0", expected_output="hello, Judge0")
    assert (result.status, result.stdout, result.stderr, result.exit_code) == (judge0.Status.ACCEPTED, "hello, Judge0\n", None, 0)
    assert result.time >= 0 and result.wall_time >= 0 and result.memory > 0 and result.finished_at >= result.created_at
    cases = [judge0.TestCase(f"{n}\n", f"{n * n}\n") for n in range(3)] + [judge0.TestCase("3", "10")]
    results = judge0.run(client=client, source_code="print(int(input()) ** 2)", language=judge0.PYTHON, test_cases=cases)
    assert [r.status.name for r in results] == ["ACCEPTED"] * 3 + ["WRONG_ANSWER"]
    failed = judge0.run(client=client, source_code="1 / 0", language=judge0.PYTHON)
    assert failed.status == judge0.Status.RUNTIME_ERROR_NZEC and "ZeroDivisionError" in failed.stderr
    slow = judge0.run(client=client, source_code="while True: pass", language=judge0.PYTHON, cpu_time_limit=0.2)
    assert slow.status == judge0.Status.TIME_LIMIT_EXCEEDED


def test_judge0_by_another_client(node):
    async def main():
        async with judge0_client.Judge0Client(node.url) as client:
            assert (await client.get_about()).version == "1.13.1"
            request = judge0_client.SingleFileSubmission(source_code="print(input())", language_id=71, stdin="雪", memory_limit=65536)
            token = (await client.create_submission(request)).token
            found = await client.get_submission(token)
            end = time.monotonic() + LATE_S
            while found.status.id in (1, 2) and time.monotonic() < end:
                found = await client.get_submission(token)
            assert (found.status.id, found.stdout, found.token) == (3, "雪\n", token)
            with pytest.raises(judge0_client.Judge0Error, match="language with id 1 doesn't exist"):
                await client.create_submission(judge0_client.SingleFileSubmission(source_code="", language_id=1))

    asyncio.run(main())


def submitted(http, query="", **submission):
    return http.post(f"/submissions?wait=true{query}", json={"language_id": 71, **submission})


def test_judge0_by_its_documents(http):
    answer = submitted(http, source_code="print('hello,', input())", language_id="71", stdin="Judge0", expected_output="hello, Judge0  \r\n\n")
    told = answer.json()
    assert answer.status_code == 201 and re.fullmatch(r"\d+\.\d{3}", told["time"])
    assert told == {
        "stdout": "hello, Judge0\n",
        "time": told["time"],
        "memory": told["memory"],
        "stderr": None,
        "token": told["token"],
        "compile_output": None,
        "message": None,
        "status": {"id": 3, "description": "Accepted"},
    }
    assert http.get(f"/submissions/{told['token']}").json() == told
    some = http.get(f"/submissions/{told['token']}?fields=stdout,stderr,status_id,language_id,source_code,nonsense").json()
    assert some == {"stdout": "hello, Judge0\n", "stderr": None, "status_id": 3, "language_id": 71, "source_code": "print('hello,', input())"}
    encoded = http.get(f"/submissions/{told['token']}?base64_encoded=true&fields=*").json()
    assert base64.b64decode(encoded["stdout"]) == b"hello, Judge0\n" and base64.b64decode(encoded["stdin"]) == b"Judge0"
    assert encoded["expected_output"] is None and encoded["language"]["id"] == 71

    wrong = submitted(http, source_code="print(open('/proc/self/cmdline').read())", expected_output="secret")
    assert wrong.json()["status"] == {"id": 4, "description": "Wrong Answer"}
    spec = http.get(f"/v1/jobs/{wrong.json()['token'].split('.')[0]}/spec").text
    assert "secret" not in spec  # the program and its readers do not see what is expected

    bytes_out = submitted(http, source_code="import os; os.write(1, b'\\xfe')").json()
    assert set(bytes_out) == {"token", "error"} and "base64_encoded=true" in bytes_out["error"]
    assert http.get(f"/submissions/{bytes_out['token']}").status_code == 400
    assert http.get(f"/submissions/{bytes_out['token']}?base64_encoded=true").json()["stdout"] == base64.b64encode(b"\xfe").decode()

    for source, more, status in [
        ("import os; os.kill(os.getpid(), 11)", {}, 7),
        ("import os, signal; signal.signal(25, signal.SIG_DFL); os.kill(os.getpid(), 25)", {}, 8),
        ("import os; os.kill(os.getpid(), 8)", {}, 9),
        ("import os; os.kill(os.getpid(), 6)", {}, 10),
        ("import os; os.kill(os.getpid(), 15)", {}, 12),
        ("import sys; assert sys.argv[1:] == ['a b', 'c']", {"command_line_arguments": "'a b' c"}, 3),
        ("import time; time.sleep(50)", {"wall_time_limit": 0.2}, 5),
    ]:
        told = submitted(http, "&fields=status_id,exit_signal,message", source_code=source, **more).json()
        assert told["status_id"] == status, source
        assert (told["message"] is None) == (status == 3)
        killed_by = re.search(r"getpid\(\), (\d+)", source)
        assert killed_by is None or told["exit_signal"] == int(killed_by[1])

    assert http.get("/languages").json()[0]["id"] == 71 and http.get("/languages/71").json()["name"].startswith("Python (3.")
    assert http.get("/languages/1").status_code == http.get("/languages/x").status_code == 404
    assert [s["id"] for s in http.get("/statuses").json()] == list(range(1, 15))


def test_judge0_batches(http):
    ok, bad = {"language_id": 71, "source_code": "print(1)"}, {"language_id": 71}
    answer = http.post("/submissions/batch", json={"submissions": [ok, bad, {}, 5, ok]})
    created = answer.json()
    assert answer.status_code == 201 and [set(c) for c in created] == [{"token"}, {"source_code"}, {"language_id"}, {"language_id"}, {"token"}]
    tokens = [c["token"] for c in created if "token" in c]
    end = time.monotonic() + LATE_S
    while time.monotonic() < end:
        found = http.get("/submissions/batch", params={"tokens": ",".join([tokens[0], "x", tokens[1]]), "fields": "stdout,status_id"}).json()
        if all(s is None or s["status_id"] == 3 for s in found["submissions"]):
            break
    assert found["submissions"] == [{"stdout": "1\n", "status_id": 3}, None, {"stdout": "1\n", "status_id": 3}]
    for submissions in ([], [ok] * 21, "x", None):
        assert http.post("/submissions/batch", json={"submissions": submissions}).status_code in (400, 422)
    assert http.get("/submissions/batch", params={"tokens": ",".join(["x"] * 21)}).status_code == 400


def test_judge0_refuses(http):
    for submission, field, said in [
        ({"source_code": ""}, "language_id", "can't be blank"),
        ({"language_id": 150000, "source_code": ""}, "language_id", "language with id 150000 doesn't exist"),
        ({"language_id": 71.5, "source_code": ""}, "language_id", "doesn't exist"),
        ({"language_id": {}, "source_code": ""}, "language_id", "must be a number"),
        ({"language_id": 71}, "source_code", "can't be blank"),
        ({"language_id": 71, "source_code": "", "wall_time_limit": 100000}, "wall_time_limit", "in milliseconds: This must be from 1 to 600000."),
        ({"language_id": 71, "source_code": "", "cpu_time_limit": -1}, "cpu_time_limit", "in milliseconds: This must be"),
        ({"language_id": 71, "source_code": "", "memory_limit": 1}, "memory_limit", "in bytes: This must be"),
        ({"language_id": 71, "source_code": "", "callback_url": "http://x"}, "callback_url", "not supported"),
        ({"language_id": 71, "source_code": "", "additional_files": "x"}, "additional_files", "not supported"),
        ({"language_id": 71, "source_code": "", "enable_network": True}, "enable_network", "not supported"),
        ({"language_id": 71, "source_code": "", "number_of_runs": 3}, "number_of_runs", "must be 1"),
    ]:
        answer = http.post("/submissions", json=submission)
        assert answer.status_code == 422 and said in answer.json()[field][0], submission
    answer = http.post("/submissions?base64_encoded=true", json={"language_id": 71, "source_code": "Zg=="[:1]})
    assert answer.json() == {"source_code": ["is not base64"]}
    assert http.post("/submissions", json=[]).status_code == 400
    assert http.post("/submissions", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    for token in ("x", "0-" + "0" * 26 + ".71.", "0-" + "0" * 26, "..%2f"):
        assert http.get(f"/submissions/{token}").status_code == 404


def test_examples(node):
    testing.check_examples("docs/doors.md", 5, node.url)
