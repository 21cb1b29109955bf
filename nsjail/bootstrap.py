"""Runs in a jail's interpreter before the program: takes the job from the worker, then hides.

In the jail this file is the interpreter's `sitecustomize`. It acts only in the process that init started; every other python of the
program passes through it at once. CPython then runs `main.py` itself, so `__main__`, tracebacks and `sys.path` are the real ones.
Nothing that costs time or leaves a trace is imported: `posix` is built in, `os` is there already. The protocol is in README.md.
"""

import posix

# Variables that the dynamic linker, the C library or CPython read at their own start, so that setting them later would do nothing. All
# others (TMPDIR, LANGUAGE, OPENSSL_CONF, ...) are read when they are needed. HOME: `site` has looked there for the user's own packages.
# TZ names a file, which may be any: it must not be read before the worker's socket is gone.
_READ_AT_START = {
    "prefixes": (b"PYTHON", b"LD_", b"GLIBC_", b"MALLOC_", b"LC_"),
    "names": (b"LANG", b"LOCPATH", b"HOME", b"TZ", b"TZDIR"),
}


def _is_program():
    # The program's own process, pid 2; every other python in the jail is a child of it.
    return posix.getpid() == 2 and posix.getppid() == 1


def _started_by_init():
    # 0 and 1 are the worker's socket and 13 is the gate: a program cannot get there by accident, for example by exec of another python.
    try:
        reading, writing, gate = posix.fstat(0), posix.fstat(1), posix.fstat(13)
    except OSError:
        return False
    socket, fifo = 0o14, 0o1
    return (
        reading.st_mode >> 12 == socket
        and (reading.st_dev, reading.st_ino) == (writing.st_dev, writing.st_ino)
        and gate.st_mode >> 12 == fifo
    )


def _read(length):
    # Exactly this many bytes: what follows them on the socket belongs to init.
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        count = _receive(view[done:])
        if not count:
            posix._exit(125)  # the worker has gone, and init has seen it too
        done += count
    return view


def _receive(view):
    if hasattr(posix, "readv"):
        return posix.readv(0, [view])
    data = posix.read(0, min(len(view), 1 << 20))  # PyPy 3.9
    view[: len(data)] = data
    return len(data)


def _number(view, at):
    return int.from_bytes(view[at : at + 4], "big")


def _place(path, content):
    steps = path.split(b"/")
    if not path or any(step in (b"", b".", b"..") for step in steps):
        raise ValueError("not a plain relative path")
    for count in range(1, len(steps)):
        try:
            posix.mkdir(b"/".join(steps[:count]), 0o755)
        except FileExistsError:
            pass
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
    file = posix.open(path, flags, 0o644)
    done = 0
    while done < len(content):
        done += posix.write(file, content[done:])
    posix.close(file)


def _take_job():
    import os
    import sys

    frame = _read(_number(_read(4), 0))
    command = _command()
    arguments, restart, lines = [], False, False
    at = 0
    while at < len(frame):
        kind = frame[at]
        key_end = at + 9 + _number(frame, at + 1)
        value_end = key_end + _number(frame, at + 5)
        if value_end > len(frame):
            raise ValueError("a record of the job frame is cut off")
        key, value = bytes(frame[at + 9 : key_end]), frame[key_end:value_end]
        at = value_end
        if kind == 0x41:  # A
            arguments.append(os.fsdecode(bytes(value)))
        elif kind == 0x4D:  # M
            command[1:] = sys.argv[:1] = [os.fsdecode(bytes(value))]
            restart = True  # an interpreter is told at its start which file it runs
        elif kind == 0x45:  # E
            os.environb[key] = bytes(value)
            restart = restart or key.startswith(_READ_AT_START["prefixes"]) or key in _READ_AT_START["names"]
        elif kind == 0x46:  # F
            try:
                _place(key, value)
            except (OSError, ValueError) as error:
                raise ValueError(f"file {os.fsdecode(key)}: {getattr(error, 'strerror', None) or error}") from None
        elif kind == 0x4C:  # L
            lines = True
        else:
            raise ValueError(f"a record of unknown type {kind}")
    if lines and restart:
        os.environb.setdefault(b"PYTHONUNBUFFERED", b"1")
    elif lines:
        sys.stdout.reconfigure(line_buffering=True)
    command += arguments
    sys.argv = sys.argv + arguments
    return command if restart else None


def _command():
    # How this interpreter was started, in a list that may be changed; Python 3.9 does not keep it.
    import sys

    if not hasattr(sys, "orig_argv"):
        return [sys.executable, *sys.argv]
    sys.orig_argv = [*sys.orig_argv]
    return sys.orig_argv


def _register_dump():
    # init sends signal 62 before the worker kills a program. 2 is a number here, not a file: the program's stderr once it is there.
    import sys

    was_there = "faulthandler" in sys.modules
    import faulthandler

    faulthandler.register(62, file=2, all_threads=True)
    if not was_there:
        del sys.modules["faulthandler"]


# What is blocked until the program's own code begins: SIGINT, and a number nobody uses, by which a restarted interpreter knows who did it.
_HELD = frozenset((2, 61))


def _hold_interrupt():
    # CPython, and what stands above, lose a KeyboardInterrupt that comes in the last steps of its start, or end with a traceback of their own.
    import sys

    import _signal

    _signal.pthread_sigmask(_signal.SIG_BLOCK, _HELD)
    sys.setprofile(_release_interrupt)


def _is_held():
    import _signal

    return {int(signal) for signal in _signal.pthread_sigmask(_signal.SIG_BLOCK, ())} == _HELD


def _release_interrupt(frame, event, argument):
    import sys

    if event == "call" and frame.f_code.co_name == "<module>" and frame.f_globals is vars(sys.modules["__main__"]):
        import _signal
        import _thread

        sys.setprofile(None)
        came = 2 in _signal.sigpending() and _signal.sigwait((2,))
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _HELD)
        if came:
            # Not a call: after one CPython looks for signals, and this function would be in the program's traceback.
            type("Number", (int,), {"interrupt": property(_thread.interrupt_main)})(2).interrupt


def _freeze():
    # At its end the interpreter collects garbage; what is there now lives until then anyway, and looking at it would cost 1 ms.
    import gc
    import sys

    if not hasattr(gc, "freeze"):
        return  # PyPy, which collects nothing at its end
    gc.freeze()
    del sys.modules["gc"]
    # A frozen __main__ would keep the program's own cycles from the last collection: then their __del__ would never run.
    main = type(sys)("__main__")
    vars(main).update(vars(sys.modules["__main__"]))
    sys.modules["__main__"] = main


def _restart(command):
    # The gate closes with the exec, which opens it; if there is no exec, the reason follows.
    import os

    import _signal

    posix.set_inheritable(13, False)
    posix.write(13, b"\x07")
    for ignored in (_signal.SIGPIPE, _signal.SIGXFSZ):  # CPython ignores them, and the next one would inherit that
        _signal.signal(ignored, _signal.SIG_DFL)
    try:
        posix.execve(command[0], command, os.environb)
    except OSError as error:
        if error.errno != 7:  # E2BIG
            raise
        # The job's own doing, and told as a shell tells it: more arguments and variables than any program can be given.
        posix.close(13)
        posix.write(2, command[0].encode() + b": Argument list too long\n")
        posix._exit(126)


def _boot(prepare):
    try:
        prepare()
        posix.write(1, b"\x06")
        restart_as = _take_job()
        for target in (0, 1, 2):  # the program's pipes; the socket goes
            posix.dup2(10 + target, target)
            posix.close(10 + target)
        _hold_interrupt()
        if restart_as:
            _restart(restart_as)
        posix.write(13, b"\x06")
        posix.close(13)
    except BaseException as error:  # never go on to the program with the worker's socket in hand
        posix.write(13, f"{error or type(error).__name__}".encode("utf-8", "backslashreplace")[:900] + b"\n")
        posix._exit(125)


def _add_dependencies():
    # Packages that the program's header names: before those of the runtime, behind the standard library, and for its children, too.
    packages = "/opt/dependencies/packages"
    try:
        posix.stat(packages)
    except OSError:
        return  # as for most programs: nothing is mounted there

    import site
    import sys

    before = sys.path[:]
    site.addsitedir(packages)
    behind = next((at for at, path in enumerate(before) if path.endswith("-packages")), len(before))
    sys.path[:] = before[:behind] + sys.path[len(before) :] + before[behind:]


if _is_program():
    _register_dump()  # also after a restart, and when the program executes another python in its place
    if _started_by_init():
        _boot(_freeze)
    elif _is_held():
        _hold_interrupt()  # after a restart
_add_dependencies()  # it may run code of theirs: not before the worker's socket is gone
# `site` takes exactly this for "there is no sitecustomize", and no module stays behind.
raise ImportError(name="sitecustomize")
