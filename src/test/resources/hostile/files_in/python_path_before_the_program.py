# Modules of its own in front of the interpreter's, named like those that are loaded before the program.
# Request: {"env":{"PYTHONPATH":"/work:/tmp:/bay:/proc/self/cwd"},"files":[{"path":"sitecustomize.py","content":"raise SystemExit('sitecustomize of the program')"},{"path":"usercustomize.py","content":"raise SystemExit('usercustomize')"},{"path":"os.py","content":"raise SystemExit('os')"},{"path":"evil.pth","content":"import sys; sys.exit('pth')"},{"path":"encodings/__init__.py","content":"raise SystemExit('encodings')"}]}
# Expect: OK 0 | RUNTIME_ERROR 1
print("begun")
