# Modules of its own named like the standard library's: they may spoil the program, not the jail.
# File: posix.py=raise SystemExit("posix")
# File: encodings.py=raise SystemExit("encodings")
# File: io.py=raise SystemExit("io")
# File: site.py=raise SystemExit("site")
# File: sitecustomize.py=raise SystemExit("sitecustomize")
# File: usercustomize.py=raise SystemExit("usercustomize")
# File: random.py=raise SystemExit("our own random")
# File: .local/lib/python3.11/site-packages/x.pth=import sys; sys.exit("pth")
# Expect: RUNTIME_ERROR 1
# Expect-line: begun
# Expect-error: our own random
print("begun", flush=True)
import random
