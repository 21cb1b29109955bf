# Looks for the files of the job beside it where that has them.
# Expect: OK 0
# Expect-line: held 8
import os

from trial import held, must, refused

for path in ("/work/mine", "/tmp/mine", "/dev/shm/mine"):
    refused(path, lambda: os.stat(path), "ENOENT")
must("others in /work", sorted(set(os.listdir("/work")) - {"__pycache__"}) == ["main.py", "trial.py"])
for place in ("/tmp", "/dev/shm"):
    must("others in " + place, os.listdir(place) == [])
must("the bay has more than a socket", set(os.listdir("/bay")) <= {"s"})
refused("the folder of the bay", lambda: os.stat("/bay/../bay-0"), "ENOENT")
held()
