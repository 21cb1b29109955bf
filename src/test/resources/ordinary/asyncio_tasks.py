import asyncio
import contextvars
import time

variable = contextvars.ContextVar("variable", default=0)


async def work(number):
    variable.set(number)
    await asyncio.sleep(0.01 * (5 - number))
    return variable.get()


async def fail():
    await asyncio.sleep(0)
    raise ValueError("failed")


async def main():
    print(await asyncio.gather(*(work(n) for n in range(5))), variable.get())
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.02)
    except TimeoutError as error:
        print(repr(error))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(10))
    except* ValueError as errors:
        print(errors.exceptions)
    queue = asyncio.Queue(2)

    async def produce():
        for number in range(5):
            await queue.put(number)
        await queue.put(None)

    task = asyncio.create_task(produce())
    while (item := await queue.get()) is not None:
        print(item)
    await task
    print(await asyncio.to_thread(sum, range(100)))
    lock, seen = asyncio.Lock(), []

    async def one(number):
        async with lock:
            seen.append(number)

    await asyncio.gather(*map(one, range(4)))
    print(seen)
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_later(0.01, done.set_result, "later")
    print(await done, type(loop).__name__)
    asyncio.create_task(fail())
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        print("in time", time.monotonic() > 0)


asyncio.run(main())
