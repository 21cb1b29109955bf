"""The MCP endpoint, with the official SDK as the client, and with messages that no client should send."""

import base64
import json
import re
import socket
import time

import anyio
import httpx
import jsonschema
import pytest
import testing
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

LATE_S = 60
MODERN = "2026-07-28"
TRIES = 20  # on a busy machine an interpreter may not show its stack in the moment that it has


def with_client(node, mode, main):
    async def run():
        async with Client(f"{node.url}/mcp", mode=mode) as client:
            await main(client)

    anyio.run(run)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_runs_programs(node, mode):
    async def main(client):
        assert client.protocol_version == (MODERN if mode == "auto" else "2025-11-25")
        assert client.server_info.name == "onpyrunner"
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"run_python", "get_job", "cancel_job"}
        for tool in tools.values():
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            assert tool.description and tool.output_schema

        result = await client.call_tool("run_python", {"source": "print(input() + ' \u96ea')", "stdin": "Ann"})
        told = result.structured_content
        assert not result.is_error
        assert (told["stdout"], told["outcome"], told["exit_code"], told["status"]) == ("Ann \u96ea\n", "OK", 0, "DONE")
        assert json.loads(result.content[0].text) == told

        told = (
            await client.call_tool(
                "run_python",
                {
                    "source": "import sys, os, m; open('out.txt', 'w').write('x'); print(sys.argv[1], os.environ['A'], m.n); 1 / 0",
                    "files": [{"path": "m.py", "content": "n = 7"}],
                    "args": ["one"],
                    "env": {"A": "b"},
                    "collect": ["*.txt"],
                    "limits": {"cpu_ms": 3000},
                },
            )
        ).structured_content
        assert (told["stdout"], told["outcome"], told["exit_code"]) == ("one b 7\n", "RUNTIME_ERROR", 1)
        assert "ZeroDivisionError" in told["stderr"]
        assert httpx.get(node.url + told["files"][0]["url"]).text == "x"

        for _ in range(TRIES):
            told = (await client.call_tool("run_python", {"source": "while True: pass", "limits": {"cpu_ms": 200}})).structured_content
            assert told["outcome"] == "CPU_LIMIT"
            if "stack" in told:
                break
        assert "main.py" in told["stack"]

        long = "import time\nprint('begun', flush=True)\ntime.sleep(50)"
        told = (await client.call_tool("run_python", {"source": long, "wait_s": 0})).structured_content
        assert told["status"] in ("QUEUED", "RUNNING")
        job = {"job_id": told["job_id"]}
        assert (await client.call_tool("get_job", job)).structured_content["job_id"] == told["job_id"]
        assert not (await client.call_tool("cancel_job", job)).is_error
        told = (await client.call_tool("get_job", {**job, "wait_s": 30})).structured_content
        assert (told["status"], told["outcome"]) == ("CANCELLED", None)

    with_client(node, mode, main)


def test_a_long_output_is_cut_in_the_middle(node):
    async def main(client):
        source = "print('begin' + '\U0001f40d' * 200000 + 'end')"
        result = await client.call_tool("run_python", {"source": source})
        told = result.structured_content
        assert told["stdout"].startswith("begin\U0001f40d") and told["stdout"].endswith("\U0001f40dend\n")
        assert re.search(r"\[… 3\d{5} characters are left out …\]", told["stdout"])
        assert len(told["stdout"]) < 40_000 and "\ufffd" not in told["stdout"]
        assert len(httpx.get(node.url + told["links"]["stdout"]).content) == 800_009

    with_client(node, "auto", main)


def test_a_refusal_says_what_to_mend(node):
    async def main(client):
        async def said(tool, arguments):
            result = await client.call_tool(tool, arguments)
            assert result.is_error and result.structured_content is None
            return result.content[0].text

        wrong = await said("run_python", {"source": "", "limits": {"cpu_ms": 0}, "runtime": "python1"})
        assert "/limits/cpu_ms: This must be from 1 to 60000." in wrong and "/runtime: There is no such runtime" in wrong
        assert "There is no program" in await said("run_python", {})
        assert "no such argument: interactive. There are: source, stdin" in await said("run_python", {"source": "", "interactive": True})
        assert "whole number" in await said("run_python", {"source": "", "wait_s": -1})
        for arguments in ({"job_id": "0-" + "0" * 26}, {"job_id": "../x"}, {"job_id": 5}, {}):
            assert (await said("get_job", arguments)).startswith("Not found: ")
            assert (await said("cancel_job", arguments)).startswith("Not found: ")
        with pytest.raises(MCPError, match="no such tool"):
            await client.call_tool("rm_rf", {})

    with_client(node, "auto", main)


def test_who_goes_away_cancels_the_program(node):
    # The job has been posted before, under the same key, so that it is known here which one the call is for.
    job, key = {"source": "import time; time.sleep(500)", "limits": {"wall_ms": 600_000}}, {"Idempotency-Key": "of one who goes away"}
    known = httpx.post(f"{node.url}/v1/jobs", json=job, headers=key).json()["id"]
    message, headers = modern("tools/call", "run_python", arguments=job)
    host, port = node.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port))) as connection:
        body = json.dumps(message).encode()
        lines = [f"{name}: {value}" for name, value in {**headers, **key, "Content-Type": "application/json", "Host": host}.items()]
        connection.sendall("\r\n".join(["POST /mcp HTTP/1.1", f"Content-Length: {len(body)}", *lines, "", ""]).encode() + body)
    end = time.monotonic() + LATE_S
    status = ""
    while status not in ("DONE", "CANCELLED") and time.monotonic() < end:
        status = httpx.get(f"{node.url}/v1/jobs/{known}?wait=5", timeout=LATE_S).json()["status"]
    assert status == "CANCELLED"


def post(node, message, headers=None):
    content = message if isinstance(message, (str, bytes)) else json.dumps(message)
    return httpx.post(f"{node.url}/mcp", content=content, headers={"Content-Type": "application/json", **(headers or {})})


def call(method="ping", **more):
    return {"jsonrpc": "2.0", "id": 1, "method": method, **more}


def modern(method, name=None, **params):
    """A message and the headers that go with it."""
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    if name is not None:
        params["name"] = name
        headers["Mcp-Name"] = name if name.isascii() else "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
    return call(method, params={"_meta": meta, **params}), headers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_only_pages_that_are_welcome_may_call(node, host):
    port = node.url.rsplit(":", 1)[1]
    for origin, addressed, status in [
        (None, f"{host}:{port}", 200),
        (f"http://{host}:{port}", f"{host}:{port}", 200),
        ("https://friend.example", f"{host}:{port}", 200),
        # A name that leads here by DNS rebinding: the browser sends the same host in both.
        (f"http://evil.example:{port}", f"evil.example:{port}", 403),
        ("https://evil.example", f"{host}:{port}", 403),
        (f"http://{host}:1", f"{host}:{port}", 403),
        ("null", f"{host}:{port}", 403),
        ("%", f"{host}:{port}", 403),
    ]:
        answer = post(node, call(), {"Host": addressed, **({"Origin": origin} if origin else {})})
        assert answer.status_code == status, (origin, addressed)
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_is_no_message_is_refused(node):
    for message, status, code in [
        ("{", 400, -32700),
        ("", 400, -32700),
        (b"\xff", 400, -32700),
        ("[" * 100_000, 400, -32700),
        ([call()], 400, -32700),
        ({"id": 1, "method": "ping"}, 400, -32600),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, 400, -32600),
        ({**call(), "id": {}}, 400, -32600),
        ({**call(), "id": 1.5}, 400, -32600),
        ({**call(), "id": "x" * 2000}, 400, -32600),
        ({**call(), "method": 5}, 400, -32600),
        (call(params=[]), 400, -32602),
        (call("tools/call", params={"name": "run_python", "arguments": []}), 200, -32602),
        (call("tools/call"), 200, -32602),
        (call("resources/list"), 200, -32601),
    ]:
        answer = post(node, message)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), message
        assert answer.json()["jsonrpc"] == "2.0" and "result" not in answer.json()
    assert post(node, call(id="a")).json() == {"jsonrpc": "2.0", "id": "a", "result": {}}
    notification = post(node, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (notification.status_code, notification.content) == (202, b"")
    for method in ("GET", "DELETE", "PUT"):
        answer = httpx.request(method, f"{node.url}/mcp", headers={"Accept": "text/event-stream, application/json"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    form = httpx.post(f"{node.url}/mcp", content=json.dumps(call()), headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
    half = post(node, '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "run_python", "arguments": {"source": "\\ud800"}}}')
    assert half.json()["result"]["isError"] and "surrogate" in half.json()["result"]["content"][0]["text"]


def test_headers_and_body_must_agree(node):
    good, headers = modern("tools/call", "get_job", arguments={})
    assert post(node, good, headers).json()["result"]["resultType"] == "complete"
    for change, code, status in [
        ({"Mcp-Method": "tools/list"}, -32020, 400),
        ({"Mcp-Method": None}, -32020, 400),
        ({"Mcp-Name": "run_python"}, -32020, 400),
        ({"Mcp-Name": "=?base64?*?="}, -32020, 400),
        ({"Mcp-Name": None}, -32020, 400),
        ({"MCP-Protocol-Version": "2025-11-25"}, -32020, 400),
        ({"MCP-Protocol-Version": None}, -32020, 400),
    ]:
        sent = {name: value for name, value in {**headers, **change}.items() if value is not None}
        answer = post(node, good, sent)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), change
    twice = httpx.post(
        f"{node.url}/mcp", json=good, headers=[*headers.items(), ("Mcp-Method", "tools/call"), ("Content-Type", "application/json")]
    )
    assert twice.json()["error"]["code"] == -32020
    answer = post(node, *modern("tools/call", "l\u00f6schen", arguments={}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32602)
    for method in ("ping", "initialize", "x"):
        answer = post(node, *modern(method))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32601)
    later = json.loads(json.dumps(good).replace(MODERN, "2031-01-01"))
    answer = post(node, later, {**headers, "MCP-Protocol-Version": "2031-01-01"})
    assert answer.json()["error"]["data"] == {"supported": [MODERN, "2025-11-25", "2025-06-18"], "requested": "2031-01-01"}
    assert post(node, call(), {"MCP-Protocol-Version": "2031-01-01"}).json()["error"]["code"] == -32022
    assert post(node, call(), {"MCP-Protocol-Version": MODERN}).json()["error"]["code"] == -32602
    assert post(node, call("server/discover")).json()["error"]["code"] == -32602
    hello = post(node, call("initialize", params={"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {}}))
    assert hello.json()["result"]["protocolVersion"] == "2025-11-25"


def test_a_message_that_is_too_large_is_refused(node):
    answer = post(node, b" " * (33 << 20))
    assert answer.status_code == 413


def test_examples(node):
    testing.check_examples("docs/mcp.md", 2, node.url)
