import atexit
import threading
import weakref


class Named:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def fail():
    raise ValueError("at exit")


first = Named("global")
cycle = Named("cycle")
cycle.itself = cycle
weakref.finalize(first, print, "finalized")
atexit.register(print, "first registered")
atexit.register(fail)
atexit.register(print, "last registered")
threading.Thread(target=lambda: (threading.Event().wait(0.05), print("thread done"))).start()
Named("at once")
print("end of main")
