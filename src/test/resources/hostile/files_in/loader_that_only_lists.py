# Asks the dynamic linker to list libraries in place of running the interpreter: no program runs, and that is no failure of the system.
# Request: {"env":{"LD_TRACE_LOADED_OBJECTS":"1"}}
# Expect: OK 0
# Expect-no: begun
# Stderr: any
print("begun")
