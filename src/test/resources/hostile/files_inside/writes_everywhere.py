# Tries to make, change and remove something in every folder that it can see.
# Expect: OK 0
# Expect-line: only /dev/shm /tmp /work
# Limit: cpu_ms=10000
import os

mine = set()
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders.remove("proc")
    if folder.count("/") > 3 and folder.startswith("/usr/"):
        folders.clear()
    try:
        os.mkdir(folder + "/new")
        os.rmdir(folder + "/new")
        mine.add(folder)
    except OSError:
        pass
    for file in files[:3]:
        try:
            os.close(os.open(f"{folder}/{file}", os.O_WRONLY))
        except OSError:
            continue
        if folder not in ("/dev", "/work"):
            print("got through:", folder, file)
print("only", *sorted(mine - {"/work/__pycache__"}))
