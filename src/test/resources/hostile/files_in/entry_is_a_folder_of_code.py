# An entry that is a folder with a main program, deep below: only files can be entries.
# Refused: /files {"entry":"package","source":"1","files":[{"path":"package/__main__.py","content":"print('package')"}]}
# Refused: /files {"entry":"package","files":[{"path":"package/__main__.py","content":"print('package')"},{"path":"package","content":""}]}
# Request: {"entry":"package/__main__.py","files":[{"path":"package/other.py","content":"x = 5"}]}
# Expect: OK 0
# Expect-line: 5 /work/package/__main__.py
import other

print(other.x, __file__)
