# Removes all that can be removed, the working directory's files and its own program among them.
# Expect: OK 0
# Expect-line: still here
import os
import shutil

for top in os.listdir("/"):
    if top != "proc":
        shutil.rmtree("/" + top, ignore_errors=True)
print(
    "still here" if os.path.exists("/usr/bin/python3") and os.path.exists("/etc/passwd") and not os.path.exists("/work/main.py") else "gone"
)
