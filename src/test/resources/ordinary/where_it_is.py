import os
import platform
import sys
import sysconfig
import site

main = sys.modules["__main__"]
print(__name__, __file__, __spec__, __doc__, __package__, type(__loader__).__name__, sorted(vars(main)), vars(main) is globals())
print(
    sys.path,
    sys.flags,
    sys.executable,
    sys.prefix,
    sys.version_info,
    sys.byteorder,
    sys.maxsize,
    sys.hash_info.algorithm,
    sys.implementation.name,
)
print(
    sys.getrecursionlimit(),
    sys.getswitchinterval(),
    sys.dont_write_bytecode,
    sys.pycache_prefix,
    sys.warnoptions,
    sys.meta_path,
    sys.path_hooks[0],
)
print(sorted(set(sys.modules) - {"sitecustomize"}))  # Debian's own is not run in the jail
print(os.getcwd(), sorted(os.environ.items()), "%o" % os.umask(0o22), os.listdir("."), os.listdir("/proc/self/fd"))
print(
    site.getsitepackages(),
    site.ENABLE_USER_SITE,
    sysconfig.get_path("stdlib"),
    platform.python_implementation(),
    platform.system(),
    os.path.expanduser("~"),
)
print(sys.stdin, sys.stdout, sys.stderr, sys.__stdout__ is sys.stdout, [os.fstat(n).st_mode >> 12 for n in (0, 1, 2)])
