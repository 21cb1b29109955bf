from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import os


def cube(number):
    return number**3


def die(number):
    os._exit(1)


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(cube, range(10), chunksize=3)))
    try:
        with ProcessPoolExecutor(1) as pool:
            pool.submit(die, 1).result()
    except BrokenProcessPool as error:
        print(type(error).__name__)
