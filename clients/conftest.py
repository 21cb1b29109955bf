import pytest
import testing


@pytest.fixture(scope="session")
def node():
    with testing.folder() as folder:
        node = testing.Node(
            folder,
            {
                "ONPY_RUNNER_DRAIN_MS": "100",
                "ONPY_RUNNER_INTERACTIVE_SLOTS": "2",
                "ONPY_HTTP_ALLOWED_ORIGINS": "https://friend.example",
                "ONPY_HTTP_OPERATOR_TOKEN": "the operator of the tests",
                **{f"ONPY_DOORS_{door}": "true" for door in ("EXECUTE", "PISTON", "JUDGE0")},
            },
        )
        yield node
        node.stop()


@pytest.fixture
def line(node):
    line = testing.Line(node.url)
    yield line
    line.close()
