# A regular expression that takes for ever, in C code that looks at no signal for long.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
import re

print("begun", flush=True)
re.match("(a*)*b", "a" * 40)
