import itertools


def talk():
    got = None
    while True:
        try:
            got = yield got
        except ValueError as error:
            got = f"caught {error}"


generator = talk()
next(generator)
print(generator.send(1), generator.throw(ValueError("x")), generator.close())


def delegate():
    result = yield from (n for n in range(3))
    print("result", result)
    yield from "ab"


print(list(delegate()), list(itertools.islice(itertools.count(), 3)), list(itertools.pairwise("abc")))


def stop():
    yield 1
    raise StopIteration("inside")


list(stop())
