# More processes than the limit must not start. Prints how many did.
import os
import signal

count = 0
try:
    while count < 1000:
        if os.fork() == 0:
            signal.pause()
        count += 1
except BlockingIOError:
    pass
print(count)
