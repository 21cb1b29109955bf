# Wants to be spared when memory is short, and that process 1 is not.
# Expect: OK 0
# Expect-line: held 8
from trial import held, refused


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


for process in ("1", "self", "thread-self", "2"):
    refused(f"{process} spared", lambda: write(f"/proc/{process}/oom_score_adj", "-1000"))
    refused(f"{process} offered", lambda: write(f"/proc/{process}/oom_adj", "15"), "EACCES", "EPERM", "EROFS", "ENOENT")
held()
