# A library that is to be loaded before all others, with a variable that asks for an interpreter started another way.
# Request: {"env":{"LD_PRELOAD":"/work/evil.so","PYTHONHASHSEED":"0"},"files":[{"path":"evil.so","content":"not a library"}]}
# Expect: OK 0
# Expect-line: begun
# Stderr: any
print("begun")
