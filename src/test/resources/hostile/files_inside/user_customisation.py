# Leaves code where every interpreter of its home looks, and starts one: it is only its own.
# Expect: OK 0
# Expect-line: customised
import os
import subprocess
import sys

site = os.path.expanduser(f"~/.local/lib/python3.{sys.version_info[1]}/site-packages")
os.makedirs(site)
with open(site + "/usercustomize.py", "w") as file:
    file.write("print('customised', flush=True)")
subprocess.run([sys.executable, "-c", ""])
for path in (
    "/usr/lib/python3/dist-packages/evil.pth",
    "/etc/python3.11/sitecustomize.py",
    "/usr/lib/python3.11/os.py",
    "/etc/ld.so.preload",
):
    try:
        open(path, "a")
        print("got through:", path)
    except OSError:
        pass
