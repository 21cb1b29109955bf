"""Other servers that run programs, told in one form: one hello, its answer checked. Each speaks its project's documented HTTP API."""

import json
import time

from common import HELLO, HELLO_SAYS, PYTHON, Client, Wrong, request

SOURCE = HELLO.decode()
LIMITS = {"cpuLimit": 5_000_000_000, "clockLimit": 10_000_000_000, "memoryLimit": 256 << 20, "procLimit": 64}
PEERS = {
    "go-judge": (
        "/run",
        {"cmd": [{"args": [PYTHON, "main.py"], "env": ["PATH=/usr/bin:/bin"], "copyIn": {"main.py": {"content": SOURCE}}, **LIMITS,
                  "files": [{"content": ""}, {"name": "stdout", "max": 10240}, {"name": "stderr", "max": 10240}]}]},
        lambda said: (said[0]["files"]["stdout"], said[0]["exitStatus"]),
    ),
    "piston": (
        "/api/v2/execute",
        {"language": "python", "version": "*", "files": [{"name": "main.py", "content": SOURCE}]},
        lambda said: (said["run"]["stdout"], said["run"]["code"]),
    ),
    # 71 is Python 3 in Judge0's own list; its status 3 is "Accepted".
    "judge0": (
        "/submissions?base64_encoded=false&wait=true",
        {"language_id": 71, "source_code": SOURCE},
        lambda said: (said["stdout"], said["status"]["id"] - 3),
    ),
    "snekbox": ("/eval", {"input": SOURCE}, lambda said: (said["stdout"], said["returncode"])),
}  # fmt: skip


class Peer:
    """One client of such a server."""

    def __init__(self, name, url):
        self.name, self.client = name, Client(url)
        path, body, self.read = PEERS[name]
        self.data = request("POST", self.client.path + path, body)

    def run(self):
        """Milliseconds from the request to the answer."""
        began = time.perf_counter()
        try:
            status, _, body = self.client.send(self.data)
        except OSError as error:
            raise Wrong(f"{self.name} at {self.client.host}:{self.client.port}: {error}") from error
        took = (time.perf_counter() - began) * 1000
        try:
            said = self.read(json.loads(body))
        except (ValueError, LookupError, TypeError) as error:
            raise Wrong(f"{self.name}: {status} {body[:500]!r}") from error
        if said != (HELLO_SAYS.decode(), 0):
            raise Wrong(f"{self.name}: {status} {said}")
        return took


def named(text):
    """NAME=URL from the command line."""
    name, _, url = text.partition("=")
    if name not in PEERS or not url:
        raise ValueError(f"NAME=URL, with a NAME of {', '.join(PEERS)}")
    return name, url
