import os
import shutil
import sys
import termios

print([stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)], os.isatty(0), shutil.get_terminal_size())
for attempt in (
    lambda: os.ttyname(0),
    lambda: os.get_terminal_size(),
    lambda: open("/dev/tty"),
    lambda: os.tcgetpgrp(0),
    lambda: termios.tcgetattr(0),
):
    try:
        print(attempt())
    except Exception as error:
        print(isinstance(error, (OSError, termios.error)))
print(os.environ.get("TERM"), os.getenv("COLUMNS"))
