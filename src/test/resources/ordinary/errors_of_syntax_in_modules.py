# File: broken.py=x = = 1
# File: package/__init__.py=from . import missing
import traceback

for name in ("broken", "package", "no_such_module"):
    try:
        __import__(name)
    except (SyntaxError, ImportError):
        traceback.print_exc()
compile("a b", "given", "exec")
