# Leaves compiled code under the names of modules that the next job may import.
# Expect: OK 0
# Expect-line: left
import os
import py_compile

os.makedirs("/tmp/__pycache__", exist_ok=True)
with open("/tmp/evil.py", "w") as file:
    file.write("print('evil')")
for target in ("/work/__pycache__/trial.cpython-311.pyc", "/tmp/__pycache__/os.cpython-311.pyc"):
    py_compile.compile("/tmp/evil.py", target)
for folder in ("/usr/lib/python3.11/__pycache__", "/usr/local/lib/python3.11/dist-packages", "/etc/python3.11"):
    try:
        open(folder + "/evil.pyc", "w")
        print("got through:", folder)
    except OSError:
        pass
print("left")
