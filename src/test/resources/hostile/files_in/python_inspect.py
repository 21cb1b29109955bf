# Asks the interpreter to stay for a talk when the program has ended, and to run a file first.
# Request: {"env":{"PYTHONINSPECT":"1","PYTHONSTARTUP":"/work/main.py","PYTHONBREAKPOINT":"os.abort","PYTHONDEVMODE":"1","PYTHONFAULTHANDLER":"1","PYTHONUNBUFFERED":"1","PYTHONPROFILEIMPORTTIME":""}}
# Expect: OK 0
# Expect-line: begun
# Stderr: any
print("begun")
