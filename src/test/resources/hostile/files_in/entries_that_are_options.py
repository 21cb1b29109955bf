# An entry that the interpreter would take for something else.
# Refused: /entry {"entry":"-c"}
# Refused: /entry {"entry":"-"}
# Refused: /entry {"entry":"-i"}
# Refused: /entry {"entry":"--help"}
# Refused: /entry {"entry":""}
# Refused: /entry {"entry":"/usr/lib/python3/dist-packages"}
# Refused: /entry {"entry":"../main.py"}
# Refused: /entry {"entry":"/proc/self/environ"}
# Refused: /entry {"entry":"main.py\u0000-i"}
# Refused: /entry {"entry":7}
# Refused: /entry {"entry":"..","files":[]}
# Expect: OK 0
# Expect-line: ['main.py']
import sys

print(sys.argv)
