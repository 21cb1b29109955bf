"""What a type checker must accept, and what it must not: mypy reads this file, nobody runs it."""

from pathlib import Path
from typing import List

from typing_extensions import assert_type

from onpyrunner import AsyncClient, BatchState, Case, Client, Event, File, Result, run


def blocking(client: Client) -> List[Event]:
    result = client.run("print(1)", files={"a": b"", "b": "", "c": Path("c")}, limits={"cpu_ms": 5}, collect="*.csv")
    assert_type(result, Result)
    assert_type(result.files[0], File)
    assert_type(run(Path("main.py"), timeout_s=1.5).exit_code, "int | None")
    client.run("print(1)", expect={"stdout": "1", "compare": "tokens"})
    client.run("print(1)", expect={"compare": "tokens"})  # type: ignore[typeddict-item]
    client.run("print(1)", colour="red")  # type: ignore[call-arg]
    client.run("print(1)", limits={"cpu": 5})  # type: ignore[typeddict-unknown-key]
    client.submit("print(1)").signal("HUP")  # type: ignore[arg-type]
    batch = client.batch("print(1)", [{"stdin": "1"}, {"files": {"a": Path("a")}}], runtime="pypy3")
    client.batch("print(1)", [{"priority": 1}])  # type: ignore[typeddict-unknown-key]
    assert_type(batch.wait(), BatchState)
    assert_type(list(batch.results()), List[Case])
    return list(client.submit("print(1)").events())


async def waiting(client: AsyncClient) -> bytes:
    job = await client.submit("print(1)", interactive=True)
    async for event in job.events():
        assert_type(event, Event)
    async for case in (await client.batch(None, [{}], files={"main.py": ""})).results():
        assert_type(case.ok, bool)
    return await (await job.wait()).files[0].read()
