"""The same for async programs."""

import anyio
import pytest

from onpyrunner import AsyncClient, InvalidJob, WaitTimeout


def test_all_of_it(node, tmp_path):
    async def main():
        async with AsyncClient(node.url) as client:
            results = []

            async def one(n):
                results.append((await client.run(f"print({n})")).stdout)

            async with anyio.create_task_group() as group:
                for n in range(4):
                    group.start_soon(one, n)
            assert sorted(results) == ["0\n", "1\n", "2\n", "3\n"]

            job = await client.submit("print('Hello,', input('Name? '))\nopen('f', 'wb').write(b'\\xff')", interactive=True, collect="f")
            said = ""
            async for event in job.events():
                if event.kind == "out":
                    said += event.text
                if event.kind == "need_input":
                    await job.send_input("Ann\n")
            assert said == "Name? Hello, Ann\n"
            result = (await job.wait()).check()
            assert await result.read_stdout() == said.encode() and await result.read_stderr() == b""
            assert await result.files[0].read() == b"\xff"
            assert (await result.files[0].save(tmp_path)).read_bytes() == b"\xff"

            with pytest.raises(InvalidJob):
                await client.submit("", priority=9)
            with pytest.raises(WaitTimeout) as caught:
                await client.run("import time\nprint(1, flush=True)\ntime.sleep(50)", timeout_s=0.2)
            job = client.job(caught.value.job_id)
            async for event in job.events():
                if event.kind == "out":
                    break
            await job.signal("KILL")
            assert (await job.wait()).signal == "SIGKILL"
            job = await client.submit("input()", interactive=True)
            await job.close_input()
            assert (await job.cancel()).status in ("QUEUED", "RUNNING", "CANCELLED", "DONE")
            assert (await job.get()).id == job.id
            batch = await client.batch("print(input())", [{"stdin": "a", "expect": {"stdout": "a"}}, {"stdin": "b"}])
            assert {case.index: case.matched async for case in batch.results()} == {0: True, 1: None}
            state = await client.known_batch(batch.id).wait()
            assert state == await batch.get() == await batch.cancel() and [case.ok for case in state.cases] == [True, True]
            assert (await client.runtimes())[0].version.startswith("3.")

    anyio.run(main)
