# One step of the interpreter that takes for ever.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
print("begun", flush=True)
7**7**9 % 10
