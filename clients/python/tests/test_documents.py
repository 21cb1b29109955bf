"""The documents' examples print what stands below them."""

import pytest
import testing


@pytest.mark.parametrize("document, count", [("docs/python-client.md", 8), ("clients/python/README.md", 1), ("README.md", 1)])
def test_examples(document, count, node, tmp_path, monkeypatch):
    monkeypatch.setenv("ONPY_URL", node.url)
    monkeypatch.chdir(tmp_path)
    testing.check_examples(document, count, node.url)
