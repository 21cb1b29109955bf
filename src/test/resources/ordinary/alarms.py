import signal
import time


class TooLong(Exception):
    pass


def stop(number, frame):
    raise TooLong(signal.Signals(number).name)


def be_busy():
    while True:
        pass


signal.signal(signal.SIGALRM, stop)
signal.signal(signal.SIGVTALRM, stop)
for timer, wait in ((signal.ITIMER_REAL, lambda: time.sleep(5)), (signal.ITIMER_VIRTUAL, be_busy)):
    signal.setitimer(timer, 0.02)
    try:
        wait()
    except TooLong as error:
        print(error)
print(signal.alarm(100), signal.alarm(0) > 90, signal.getitimer(signal.ITIMER_REAL))
