# Two threads that wait for each other, and the program for both.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import threading

print("begun", flush=True)
here, there, both = threading.Lock(), threading.Lock(), threading.Barrier(2)


def wait(first, second):
    with first:
        both.wait()
        with second:
            pass


threading.Thread(target=wait, args=(here, there)).start()
threading.Thread(target=wait, args=(there, here)).start()
