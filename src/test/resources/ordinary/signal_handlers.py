import os
import signal
import threading
import time

print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGPIPE))
seen = []
for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGRTMIN + 3):
    signal.signal(number, lambda n, frame: seen.append((n, frame.f_code.co_name)))
    os.kill(os.getpid(), number)
    signal.raise_signal(number)
print(seen)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending(), len(seen))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
print(len(seen), signal.strsignal(11))
threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
signal.pause()
print(len(seen))
reading, writing = os.pipe2(os.O_NONBLOCK)
signal.set_wakeup_fd(writing)
signal.raise_signal(signal.SIGUSR1)
print(os.read(reading, 10))
print(signal.sigtimedwait([signal.SIGUSR2], 0.01))
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
