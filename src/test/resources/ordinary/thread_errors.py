import sys
import threading


def fail():
    raise ValueError("in a thread")


def leave():
    sys.exit(3)


for target in (fail, leave):
    thread = threading.Thread(target=target, name=target.__name__)
    thread.start()
    thread.join()
threading.excepthook = lambda args: print("hook", args.exc_type.__name__, args.thread.name)
thread = threading.Thread(target=fail, name="hooked")
thread.start()
thread.join()
threading.Timer(0.01, print, ["from a timer"]).start()
