# File: helper.py=def call(f):\n    return f()\n
import sys
import traceback

import helper


def outer():
    def inner():
        x = [1, 2, 3]
        return x[0] + x[10] * 2

    return helper.call(inner)


try:
    outer()
except IndexError:
    traceback.print_exc(file=sys.stdout)
    print(traceback.format_exc(limit=1))
    print(traceback.extract_tb(sys.exc_info()[2]).format())
    print(traceback.TracebackException(*sys.exc_info(), capture_locals=True).stack[-1].locals)
print(traceback.format_stack()[-1])


def hook(kind, value, trace):
    print("hook", kind.__name__, value)
    sys.__excepthook__(kind, value, trace)


sys.excepthook = hook
exec(compile("def f():\n  raise ValueError('in code without a file')\nf()", "<given>", "exec"))
