import multiprocessing
import os


def square(number):
    return number * number


def fail(number):
    raise ValueError(f"no {number}")


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, sum(pool.map(square, range(50))), list(pool.imap(square, range(5))))
            try:
                pool.apply(fail, (7,))
            except ValueError as error:
                print(error, type(error.__cause__).__name__)
    print(multiprocessing.get_start_method(), multiprocessing.active_children(), os.path.basename(__file__))
