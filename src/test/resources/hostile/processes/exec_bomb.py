# Starts two interpreters, each of which starts two more, and so on.
# Expect: CPU_LIMIT | WALL_LIMIT
# May-hit: processes
# Expect-line: begun
# Limit: wall_ms=700
# Limit: cpu_ms=900
# Limit: processes=24
import subprocess
import sys

if len(sys.argv) == 1:
    print("begun", flush=True)
while True:
    try:
        subprocess.Popen([sys.executable, "-S", "-E", __file__, "again"], stderr=subprocess.DEVNULL)
        subprocess.Popen([sys.executable, "-S", "-E", __file__, "again"], stderr=subprocess.DEVNULL)
    except OSError:
        pass
