import queue
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

results = queue.Queue()
barrier = threading.Barrier(8)
local = threading.local()


def work(number):
    local.number = number
    barrier.wait()
    results.put((local.number, number * number))


threads = [threading.Thread(target=work, args=(n,), name=f"worker-{n}") for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results.queue), threading.active_count(), threading.current_thread().name)
with ThreadPoolExecutor(16) as pool:
    print(sum(pool.map(lambda n: n * n, range(1000))))
    print(sorted(f.result() for f in as_completed([pool.submit(pow, 2, n) for n in range(10)])))
condition = threading.Condition()
turns = []


def turn(name):
    with condition:
        for _ in range(3):
            condition.wait_for(lambda: len(turns) % 2 == name)
            turns.append(name)
            condition.notify_all()


pair = [threading.Thread(target=turn, args=(name,)) for name in (0, 1)]
for thread in pair:
    thread.start()
for thread in pair:
    thread.join()
print(turns)
