# Looks for what the job before it left.
# Expect: OK 0
# Expect-line: held 4
import os

from trial import held, must

must("in /work", sorted(set(os.listdir("/work")) - {"__pycache__"}) == ["main.py", "trial.py"])
must("in /tmp", os.listdir("/tmp") == [])
must("in /dev/shm", os.listdir("/dev/shm") == [])
must("bytes taken", os.statvfs("/tmp").f_bfree == os.statvfs("/tmp").f_blocks)
held()
