import multiprocessing
import os
import signal
import sys


def leave(how):
    if how == "code":
        sys.exit(5)
    if how == "text":
        sys.exit("a text")
    if how == "signal":
        os.kill(os.getpid(), signal.SIGTERM)
    if how == "raise":
        raise RuntimeError("a failure")
    os._exit(9)


if __name__ == "__main__":
    for how in ("code", "text", "signal", "raise", "hard"):
        process = multiprocessing.Process(target=leave, args=(how,), name=how)
        process.start()
        process.join()
        print(how, process.exitcode)
    sys.stdout.flush()
