# Sends the interpreter to a library that is not there: the program's own affair, not a failure of the system.
# Request: {"env":{"PYTHONHOME":"/work/none"}}
# Expect: OK | RUNTIME_ERROR
import os

print(os.environ["PYTHONHOME"])
