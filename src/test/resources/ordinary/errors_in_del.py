import gc


class Bad:
    def __del__(self):
        raise RuntimeError("in del")


class Lazy:
    def __iter__(self):
        try:
            yield 1
        finally:
            print("closed")


Bad()
for value in Lazy():
    break
gc.collect()
left = iter(Lazy())
next(left)
kept = Bad()
