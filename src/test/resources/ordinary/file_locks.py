import fcntl
import os

with open("locked", "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.lockf(file, fcntl.LOCK_EX, 10, 5)
    child = os.fork()
    if child == 0:
        answers = []
        with open("locked", "r+") as other:
            for attempt in (
                lambda: fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB),
                lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 7),
                lambda: fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 20),
            ):
                try:
                    attempt()
                    answers.append("taken")
                except OSError as error:
                    answers.append(type(error).__name__)
        print(answers, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)
    print(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_APPEND > 0, fcntl.fcntl(file, fcntl.F_GETFD))
