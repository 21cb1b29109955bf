# A setting that the interpreter refuses to start with.
# Request: {"env":{"PYTHONMALLOC":"nonsense"}}
# Expect: OK | RUNTIME_ERROR
print("begun")
