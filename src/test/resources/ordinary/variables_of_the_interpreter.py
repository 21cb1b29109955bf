# File: lib/found.py=print("found by PYTHONPATH")\n
import os
import subprocess
import sys
import warnings

print(sys.flags, sys.path, sys.dont_write_bytecode, __debug__, sys.stdout.encoding, sys.stdout.write_through, sys.stderr.line_buffering)
print(sys.warnoptions, [filter[0] for filter in warnings.filters], sys._xoptions, sys.pycache_prefix, __doc__)
if "PYTHONHASHSEED" in os.environ:
    print(hash("x"))
print(sorted(name for name in os.environ if name.startswith("PYTHON")))
print(subprocess.check_output([sys.executable, "-c", "import sys; print(sys.flags)"]))
try:
    import found
except ImportError as error:
    print(error)
warnings.warn("a warning")
