"""What happens when answers are lost, servers refuse for a while, or start again."""

import http.server
import json
import threading
import time

import anyio
import httpx
import pytest

import onpyrunner
from onpyrunner import AsyncClient, Client, ConnectionFailed, NotAllowed, ProblemError, Retry, TooManyRequests, Unavailable
from onpyrunner._retry import Attempts

LATE_S = 60
PATIENT = Retry(attempts=200, first_s=0.05, longest_s=0.3)


class Refusing:
    """A server that gives the answers of a list, then says that it knows no such job; it keeps what it was sent."""

    def __init__(self, *answers):
        self.asked = []
        left = list(answers)
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked.append((time.monotonic(), dict(self.headers), body))
                status, headers, answer = left.pop(0) if left else (404, {}, {"title": "Not found", "detail": "Nothing.", "status": 404})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


REFUSED = (503, {}, {"title": "Unavailable", "detail": "Full.", "status": 503})


def test_it_waits_as_it_is_told_and_sends_the_same_again():
    busy = (429, {"Retry-After": "1"}, {"title": "Too many requests", "detail": "Slow down."})
    with Refusing(busy, (502, {}, b"<html>"), REFUSED) as server, Client(server.url, api_key="key-of-ours", retry=PATIENT) as client:
        with pytest.raises(onpyrunner.NotFound):
            client.submit("print(1)")
    times, headers, bodies = zip(*server.asked)
    assert len(times) == 4 and times[1] - times[0] >= 1
    assert len({h["Idempotency-Key"] for h in headers}) == 1 and len(set(bodies)) == 1
    assert {h["Authorization"] for h in headers} == {"Bearer key-of-ours"}
    assert "key-of-ours" not in repr(client)


def test_the_key_is_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("ONPY_API_KEY", "key-of-the-environment")
    refused = (401, {}, {"title": "Not authorized", "detail": "Unknown key.", "type": "/problems/unauthorized"})
    with Refusing(refused) as server, Client(server.url) as client, pytest.raises(NotAllowed, match="Unknown key") as caught:
        client.submit("print(1)")
    assert server.asked[0][1]["Authorization"] == "Bearer key-of-the-environment"
    assert (caught.value.status, caught.value.type, len(server.asked)) == (401, "/problems/unauthorized", 1)


def test_its_patience_ends():
    with Refusing(REFUSED, REFUSED, REFUSED) as server, Client(server.url, retry=Retry(attempts=2, first_s=0.01)) as client:
        with pytest.raises(Unavailable, match="Full"):
            client.submit("print(1)")
        assert len(server.asked) == 2
    week = (429, {"Retry-After": "604800"}, {"title": "Too many requests", "detail": "Too many bytes."})
    with Refusing(week) as server, Client(server.url) as client, pytest.raises(TooManyRequests) as caught:
        client.submit("print(1)")
    assert caught.value.retry_after_s == 604800
    with Client("http://127.0.0.1:9", retry=Retry(attempts=2, first_s=0.01)) as client, pytest.raises(ConnectionFailed, match="127.0.0.1:9"):
        client.submit("print(1)")
    with Refusing((200, {}, b"<html>")) as server, Client(server.url) as client:
        with pytest.raises(onpyrunner.OnPyRunnerError, match="not an OnPyRunner"):
            client.submit("print(1)")


def test_pauses_grow_within_bounds_and_differ():
    def pauses():
        attempts = Attempts(Retry(), "http://server")
        return [attempts.pause_s(httpx.ConnectError("refused")) for _ in range(9)]

    many = [pauses() for _ in range(50)]
    for n, same in enumerate(zip(*many)):
        usual = min(5.0, 0.2 * 2**n)
        assert usual / 2 <= min(same) < max(same) <= usual


def test_an_answer_that_is_lost_is_asked_for_again_and_the_job_is_one(line):
    line.lose_answer_to("POST /v1/jobs", 0, 100)
    with Client(line.url, retry=PATIENT) as client:
        result = client.run("print('once')")
        assert result.stdout == "once\n" and len(line.lost) == 2
        job = client.submit("for line in open(0): print(line, end='')", interactive=True)
        line.lose_answer_to(f"POST /v1/jobs/{job.id}/stdin")
        job.send_input("typed once\n")
        job.close_input()
        line.lose_answer_to(f"GET /v1/jobs/{job.id}")
        assert job.wait().stdout == "typed once\n" and len(line.lost) == 4


# Where an answer is cut: before it, in its headers, between and in the middle of events.
CUTS = (0, 20, 300, 301, 500, 1000, 2000)
LINES = "import time\nfor n in range(60): print(n, '\u96ea' * 9, flush=True); time.sleep(0.001 if n % 10 else 0.03)"


def test_a_stream_that_is_cut_anywhere_goes_on(line):
    with Client(line.url, retry=PATIENT) as client:
        job = client.submit(LINES)
        line.lose_answer_to(f"GET /v1/jobs/{job.id}/events", *CUTS)
        seen = list(job.events())
        assert len(line.lost) == len(CUTS)
        assert any(b"last-event-id" in request.lower() for request in line.lost)
        assert seen == list(job.events())
        assert "".join(e.text for e in seen if e.kind == "out") == job.get().stdout


def test_a_batch_is_posted_once_and_each_end_is_told_once_over_lost_answers(line):
    line.lose_answer_to("POST /v1/batches")
    with Client(line.url, retry=PATIENT) as client:
        batch = client.batch("print(input())", [{"stdin": str(n)} for n in range(6)])
        line.lose_answer_to(f"GET /v1/batches/{batch.id}/events", *CUTS)
        assert sorted(case.index for case in batch.results()) == [0, 1, 2, 3, 4, 5]
        line.lose_answer_to(f"GET /v1/batches/{batch.id}?")
        assert batch.wait().counts["done"] == 6 and len(line.lost) == 2 + len(CUTS)


def test_a_stream_that_is_always_cut_ends_with_an_error(line):
    with Client(line.url, retry=Retry(attempts=3, first_s=0.01)) as client:
        job = client.submit(LINES)
        line.lose_answer_to(f"GET /v1/jobs/{job.id}/events", 0, 0, 0)
        with pytest.raises(ConnectionFailed):
            list(job.events())
        assert len(line.lost) == 3


def test_it_is_the_same_for_async_programs(line):
    async def main():
        async with AsyncClient(line.url, retry=PATIENT) as client:
            line.lose_answer_to("POST /v1/jobs")
            job = await client.submit(LINES)
            line.lose_answer_to(f"GET /v1/jobs/{job.id}/events", *CUTS)
            seen = [event async for event in job.events()]
            assert len(line.lost) == 1 + len(CUTS)
            assert seen == [event async for event in job.events()]
            line.lose_answer_to(f"GET /v1/jobs/{job.id}")
            assert (await job.wait()).stdout == "".join(e.text for e in seen if e.kind == "out")
        with pytest.raises(ConnectionFailed):
            async with AsyncClient("http://127.0.0.1:9", retry=Retry(attempts=2, first_s=0.01)) as client:
                await client.submit("print(1)")

    anyio.run(main)


def test_a_stream_a_wait_and_a_submit_go_on_when_the_server_starts_again(node):
    source = "import time\nfor n in range(4): print(n, flush=True); time.sleep(0.2)"
    with Client(node.url, retry=PATIENT) as client:
        job = client.submit(source)
        waited, ran, seen = [], [], []
        threads = [
            threading.Thread(target=lambda: waited.append(job.wait())),
            threading.Thread(target=lambda: ran.append(client.run("print('after all')"))),
        ]
        threads[0].start()
        for event in job.events():
            seen.append(event)
            if [e.kind for e in seen].count("out") == 2 and threads[1].ident is None:
                node.stop()
                threads[1].start()
                node.start()
        start = max(n for n, e in enumerate(seen) if e.kind == "requeued")
        assert "".join(e.text for e in seen[start:] if e.kind == "out") == "0\n1\n2\n3\n"
        assert seen == list(job.events())  # as the log has it: no gap, no repeat
        for thread in threads:
            thread.join(LATE_S)
        assert waited[0].ok and waited[0].stdout == "0\n1\n2\n3\n"
        assert ran[0].stdout == "after all\n"


def test_each_refusal_has_its_exception():
    kinds = {400: "InvalidJob", 413: "InvalidJob", 403: "NotAllowed", 404: "NotFound", 410: "Gone", 409: "ProblemError"}
    with Refusing(*((status, {}, {"title": "No", "detail": "Not so."}) for status in kinds)) as server, Client(server.url) as client:
        for status, name in kinds.items():
            with pytest.raises(ProblemError, match="No: Not so.") as caught:
                client.submit("print(1)")
            assert (type(caught.value).__name__, caught.value.status) == (name, status)


def test_problems_that_are_none_are_still_told():
    with Refusing((418, {}, b"[1]")) as server, Client(server.url) as client, pytest.raises(ProblemError, match="418"):
        client.submit("print(1)")
