# More files than anybody wants.
# Collect: **
# May-file: **
# Expect: OK 0
# Expect-line: 5000
# Limit: cpu_ms=10000
import os

os.mkdir("many")
for number in range(5000):
    open(f"many/{number}", "w").write("x")
print(len(os.listdir("many")))
