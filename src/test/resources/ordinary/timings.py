import sched
import time
import timeit
import cProfile
import io
import pstats

print(timeit.timeit("sum(range(10))", number=100) > 0, len(timeit.repeat("1", number=10, repeat=3)))
events = []
scheduler = sched.scheduler()
for delay in (0.03, 0.01, 0.02):
    scheduler.enter(delay, 1, events.append, (delay,))
scheduler.run()
print(events)
start = time.perf_counter()
time.sleep(0.05)
print(0.05 <= time.perf_counter() - start < 5, time.time() > 1.6e9, time.thread_time_ns() > 0)
profile = cProfile.Profile()
profile.runcall(sorted, [3, 1, 2])
out = io.StringIO()
pstats.Stats(profile, stream=out).print_stats()
print("sorted" in out.getvalue())
