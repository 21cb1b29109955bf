# A loop without end.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
print("begun", flush=True)
while True:
    pass
