# More files than anybody wants.
# Collect: **
# May-file: **
# Expect: OK 0
# Expect-line: 9990
# Limit: cpu_ms=10000
import os

os.mkdir("many")
for number in range(9990):
    open(f"many/{number}", "w").write("x")
print(len(os.listdir("many")))
