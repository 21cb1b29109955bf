"""The contract of the REST interface, with requests that schemathesis makes of it: what it allows is taken, what it forbids is refused."""

import os
import re
import subprocess
import sys
from pathlib import Path

import testing

CONFIG = Path(__file__).with_name("schemathesis.toml")
CONTRACT = testing.HOME / "api" / "openapi.yaml"


def test_no_request_finds_a_violation(node, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run", CONTRACT, "--url", node.url],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert int(re.search(r"(\d+) generated, \1 passed", ran.stdout)[1]) > 1000, ran.stdout
