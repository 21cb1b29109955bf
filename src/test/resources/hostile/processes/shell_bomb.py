# The shell's fork bomb, left behind by a program that ends at once.
# Expect: OK 0
# Expect-line: left
# May-hit: processes
# Limit: processes=32
import os

os.system("bomb() { bomb | bomb & }; bomb >/dev/null 2>&1")
print("left")
