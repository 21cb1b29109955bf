# Stdin: Ada
# Stdin:
# Stdin: 3
# Stdin: 4 5
# Stdin: é👻
import sys

name = input("name? ")
print(f"hello {name}", repr(input()), int(input("number? ")) * 2, sum(map(int, input().split())))
print(sys.stdin.readline().encode(), file=sys.stderr)
try:
    input("more? ")
except EOFError as error:
    print(repr(error))
print(sys.stdin.read() == "", sys.stdin.closed, sys.stdin.encoding, sys.stdin.buffer.read())
