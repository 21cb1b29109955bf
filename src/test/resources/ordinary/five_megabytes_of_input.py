# Stdin-repeat: 5000000 abcdefghij
import hashlib
import sys

data = sys.stdin.buffer.read()
print(len(data), hashlib.sha256(data).hexdigest(), sys.stdin.buffer.read())
