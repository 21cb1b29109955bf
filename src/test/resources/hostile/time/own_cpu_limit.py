# Dies of a limit on CPU time that it set itself: not the job's limit.
# Expect: SIGNALED SIGXCPU
# Expect-line: begun
import resource
import signal

print("begun", flush=True)
signal.signal(signal.SIGXCPU, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CPU, (1, 5))
while True:
    pass
