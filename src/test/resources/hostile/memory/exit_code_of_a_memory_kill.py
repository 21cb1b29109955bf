# Ends with the exit code that a shell shows for a program killed by SIGKILL.
# Expect: RUNTIME_ERROR 137
# Limit: memory_bytes=33554432
raise SystemExit(137)
