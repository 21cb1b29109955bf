# Arguments and variables that no process can have.
# Refused: /args/0 {"args":["a\u0000b"]}
# Refused: /args/0 {"args":[1]}
# Refused: /args/1 {"args":["a","\udfff"]}
# Refused: /args {"args":"-c"}
# Refused: /env/ {"env":{"":"x"}}
# Refused: /env/A=B {"env":{"A=B":"x"}}
# Refused: /env/A {"env":{"A":"x\u0000y"}}
# Refused: /env/A {"env":{"A":null}}
# Refused: /env {"env":["A"]}
# Refused: /env/A {"env":{"A\u0000":"x"}}
# Request: {"args":["\u0001","\ud83d\udc7b","-"],"env":{"IFS":"x","PS4":"$(id)","A-B":"1","é":"ü","BASH_FUNC_x%%":"() { :;}; echo shocked"}}
# Expect: OK 0
# Expect-line: ['main.py', '\x01', '👻', '-'] x $(id) 1 ü
# Expect-no: shocked
import os
import sys

print(sys.argv, *(os.environ[name] for name in ("IFS", "PS4", "A-B", "é")))
os.system("true; bash -c :")
