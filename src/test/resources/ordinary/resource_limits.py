import resource
import time

for name in ("CPU", "DATA", "AS", "STACK", "RSS"):
    soft, hard = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
    print(name, soft)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
try:
    with open("file", "wb") as file:
        file.write(bytes(5000))
except OSError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 20))
try:
    opened = [open("main.py") for _ in range(20)]
except OSError as error:
    print(error)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(
    usage.ru_utime >= 0, resource.getpagesize(), time.process_time() > 0, time.monotonic() > 0, time.get_clock_info("monotonic").monotonic
)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 2000))
