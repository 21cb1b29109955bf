# Stdin-repeat: 1000000 line é of many
import sys

count = length = 0
for line in sys.stdin:
    count += 1
    length += len(line)
print(count, length)
print(repr(sys.stdin.readline()))
input()
