"""What the tests share: a node of their own in another process, and a line to it that loses answers."""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
LATE_S = 60  # for anything to happen at all


class Node:
    """A real node. It keeps its port and its data when it is started again."""

    def __init__(self, folder, settings):
        # The tests of the build say how to start what was built; by hand, the checkout's own command does.
        self._command = json.loads(os.environ.get("ONPY_TEST_SERVE", "null")) or [str(HOME / "onpyrunner"), "serve"]
        self._folder = Path(folder)
        self._settings = settings
        self._port = 0
        self.url = None
        self.start()

    def start(self):
        with open(self._folder / "node.log", "ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(self._port), "--data", str(self._folder / "data"), "--slots", "2"],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self._settings},
                cwd=HOME,
            )
        said = self._process.stdout.readline().decode()
        if not said.startswith("OnPyRunner is ready: "):
            self._process.kill()
            raise RuntimeError(f"the node did not start: {said} {(self._folder / 'node.log').read_text()[-3000:]}")
        self.url = said.split()[3]
        self._port = int(self.url.rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self._process.send_signal(how)
        self._process.wait(LATE_S)
        self._process.stdout.close()


class Line:
    """A line to a server that can lose answers: the next ones to requests that begin like this, with their connections."""

    def __init__(self, url):
        host, port = url.split("//")[1].split(":")
        self._target = (host, int(port))
        self._lose = []
        self.lost = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer_to(self, beginning, *after):
        """For each number, one answer is cut after so many bytes; without a number, one is lost whole."""
        self._lose += [(beginning.encode(), bytes_) for bytes_ in after or (0,)]

    def _accept(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with near, socket.create_connection(self._target) as far:
            left = []  # of the answer, when it is to be cut
            back = threading.Thread(target=self._back, args=(far, near, left), daemon=True)
            back.start()
            while data := _received(near):
                for losing in self._lose:
                    if data.startswith(losing[0]):
                        self._lose.remove(losing)
                        self.lost.append(data)
                        left.append(losing[1])
                        break
                far.sendall(data)
            _end(far)
            back.join(LATE_S)

    def _back(self, far, near, left):
        while data := _received(far):
            if left:
                data = data[: left[0]]
                left[0] -= len(data)
            near.sendall(data)
            if left and left[0] == 0:
                break
        _end(near)

    def close(self):
        self._server.close()


def _received(connection):
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _end(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


EXAMPLE = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:^```(?:json)?\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


def check_examples(document, count, url):
    """Runs a document's examples, in turn; each prints what stands below it, where … is anything."""
    examples = EXAMPLE.findall((HOME / document).read_text())
    assert len(examples) == count
    names = {}
    for language, source, shown in examples:
        source = source.replace("http://127.0.0.1:8080", url).replace("localhost:8080", url.split("//")[1])
        if language == "sh":
            ran = subprocess.run(["bash", "-euo", "pipefail", "-c", source], capture_output=True, text=True, timeout=LATE_S)
            printed = ran.stdout + ran.stderr * (ran.returncode != 0)
        else:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(source, document, "exec"), names)
            printed = out.getvalue()
        expected = ".*".join(re.escape(part) for part in shown.rstrip("\n").split("…"))
        assert re.fullmatch(expected, printed.rstrip("\n"), re.DOTALL), f"{source}\nprinted:\n{printed}\ninstead of:\n{shown}"


def folder():
    return tempfile.TemporaryDirectory(prefix="onpyrunner-clients-")
