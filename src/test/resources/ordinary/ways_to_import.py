# File: helper.py=value = 7\nprint("helper is loaded", __name__, __file__)\n
# File: package/__init__.py=from .sub import name\n__all__ = ["name"]\n
# File: package/sub.py=name = __name__\n
# File: package/__main__.py=import sys\nprint("as a program", __package__, sys.argv)\n
# File: space/deep/module.py=x = "namespace"\n
import importlib
import importlib.util
import os
import pkgutil
import runpy
import sys
import zipfile

import helper
import package
import space.deep.module

print(helper.value, package.name, space.deep.module.x, importlib.reload(helper) is helper, sys.path[0])
print(runpy.run_path("helper.py")["value"], sorted(m.name for m in pkgutil.iter_modules(["."])))
runpy.run_module("package", run_name="__main__")
with zipfile.ZipFile("code.zip", "w") as archive:
    archive.writestr("zipped.py", "def f(): return __file__\n")
    archive.writestr("__main__.py", "print('main of the archive')\n")
sys.path.insert(0, "code.zip")
import zipped

print(zipped.f(), importlib.util.find_spec("json").origin, importlib.util.find_spec("missing"))
runpy.run_path("code.zip", run_name="__main__")
specification = importlib.util.spec_from_file_location("given", "helper.py")
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)
print(module.__name__, sorted(os.listdir("__pycache__")))
import missing
