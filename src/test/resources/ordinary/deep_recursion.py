import sys


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


print(depth(900))
sys.setrecursionlimit(8000)
print(depth(7000))


def endless(n):
    return endless(n + 1)


try:
    endless(0)
except RecursionError as error:
    print(error)
nested = []
for _ in range(500):
    nested = [nested]
print(len(repr(nested)))
sys.setrecursionlimit(1000)
endless(0)
