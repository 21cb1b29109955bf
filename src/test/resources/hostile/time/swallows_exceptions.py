# A loop that swallows every exception, also the one of an interrupt.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
print("begun", flush=True)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
