# Ends, but its last rites never do.
# Expect: CPU_LIMIT
# Expect-line: begun
# Expect-line: ending
# Limit: cpu_ms=200
import atexit

print("begun", flush=True)


@atexit.register
def rites():
    print("ending", flush=True)
    while True:
        pass
