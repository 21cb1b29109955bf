# A time zone that is to be read from the interpreter's own descriptors, before the program begins.
# Request: {"env": {"TZ": ":/proc/self/fd/13"}}
# Expect: OK 0
# Expect-line: began
print("began")
