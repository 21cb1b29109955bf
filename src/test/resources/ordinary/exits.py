import subprocess
import sys

for code in (
    "sys.exit()",
    "sys.exit(0)",
    "sys.exit(3)",
    "sys.exit('text')",
    "sys.exit(None)",
    "sys.exit(256 + 5)",
    "sys.exit(-1)",
    "sys.exit([1, 2])",
    "exit(4)",
    "quit()",
    "raise SystemExit(True)",
    "os._exit(6)",
    "raise KeyboardInterrupt",
    "try:\n sys.exit(1)\nfinally:\n print('finally')",
    "sys.exit(2.5)",
    "os.close(2); sys.exit('unseen')",
):
    done = subprocess.run([sys.executable, "-c", "import os, sys\n" + code], capture_output=True, text=True)
    print(repr(code), done.returncode, repr(done.stdout), repr(done.stderr.splitlines()[-1:]))
sys.exit("the end")
