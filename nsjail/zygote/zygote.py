"""Runs in a zygote's interpreter, as its `sitecustomize`: gets everything ready that can be ready, and copies itself into jails (park.c).

In each copy it goes on as bootstrap.py does in an interpreter that was started in its jail: ready byte, job frame, program. Nothing below
`serve` runs in the zygote itself.
"""

import posix
import sys


# What numerical libraries read when they are loaded. A thread would not be in any copy.
_THREADS = (b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS", b"MKL_NUM_THREADS")


def _content(path):
    file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return posix.read(file, posix.fstat(file).st_size)
    finally:
        posix.close(file)


def _bootstrap():
    names = {"__name__": "sitecustomize"}
    try:
        exec(compile(_content("/opt/boot/bootstrap.py"), "/opt/boot/bootstrap.py", "exec"), names)
    except ImportError:  # its last line
        pass
    return names


def _park():
    import _frozen_importlib
    import _imp

    module = _imp.create_dynamic(_frozen_importlib.ModuleSpec("park", None, origin="/opt/boot/park.so"))
    sys.modules.pop("park", None)
    return module


def _preload(park):
    """Imports the modules of the list; brings what a copy must do for them."""
    names = _content("/opt/boot/preload").decode().split()
    if not names:
        return lambda: None

    import atexit

    before = set(sys.modules)
    loaded = {}

    def leave():
        for name, module in loaded.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

    atexit.register(leave)  # before all that the modules register: the last one is called first
    unset = [variable for variable in _THREADS if variable not in posix.environ]
    for variable in unset:  # not in os.environ: a program must not find it there
        posix.putenv(variable, b"1")
    for name in names:
        __import__(name)
    for variable in unset:
        posix.unsetenv(variable)
    loaded.update((name, module) for name, module in sys.modules.items() if name not in before)

    # At its end an interpreter takes its modules apart, which for some takes longer than most programs. These are left alone.
    kept = [loaded, [list(vars(module).values()) for module in loaded.values() if hasattr(module, "__dict__")]]
    park.keep(kept)

    def seed():
        # Generators of random numbers that were made here would give the same numbers to every program, and keys would be no secrets.
        if "numpy.random" in loaded:
            loaded["numpy.random"].seed()
        if "random" in loaded:
            loaded["random"].seed()
        if "multiprocessing.process" in loaded:
            loaded["multiprocessing.process"].current_process().authkey = posix.urandom(32)

    return seed


def _serve():
    bootstrap = _bootstrap()
    park = _park()
    seed = _preload(park)
    bootstrap["_register_dump"]()
    import gc

    gc.collect()
    bootstrap["_freeze"]()
    park.serve("/bay/z")
    # From here on in the copy, in its jail.
    bootstrap["_boot"](seed)


_serve()
# `site` takes exactly this for "there is no sitecustomize", and no module stays behind.
raise ImportError(name="sitecustomize")
