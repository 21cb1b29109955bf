"""The documents' examples print what stands below them."""

import contextlib
import io
import re

import pytest
import testing

EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:^```\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document, most", [("docs/python-client.md", 7), ("clients/python/README.md", 1), ("README.md", 1)])
def test_examples(document, most, node, tmp_path, monkeypatch):
    monkeypatch.setenv("ONPY_URL", node.url)
    monkeypatch.chdir(tmp_path)
    examples = EXAMPLE.findall((testing.HOME / document).read_text())
    assert len(examples) == most
    names = {}
    for source, shown in examples:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, document, "exec"), names)
        assert printed.getvalue() == shown, source
