# An entry with quotes, a newline, a template's word and a shell's signs in its name.
# Request: {"entry":"it's \"x\" $(id) @BAY@ \\ {}\n.py","args":["--","-c","@ROOT@","$(id)","\n","","'"]}
# Expect: OK 0
# Expect-line: ['it\'s "x" $(id) @BAY@ \\ {}\n.py', '--', '-c', '@ROOT@', '$(id)', '\n', '', "'"]
import sys

print(sys.argv)
