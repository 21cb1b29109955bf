import os
import signal
import sys
import time

print("before the fork", flush=True)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.close(reading)
    os.write(writing, b"from the child")
    sys.exit(3)
os.close(writing)
print(os.read(reading, 100), os.WEXITSTATUS(os.waitpid(child, 0)[1]))
child = os.fork()
if child == 0:
    signal.pause()
os.kill(child, signal.SIGSTOP)
_, status = os.waitpid(child, os.WUNTRACED)
print(os.WIFSTOPPED(status), os.WSTOPSIG(status))
os.kill(child, signal.SIGCONT)
print(os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1]))
os.kill(child, signal.SIGKILL)
pid, status, usage = os.wait4(child, 0)
print(pid == child, os.waitstatus_to_exitcode(status), usage.ru_maxrss > 1000)
children = [os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {n}"], os.environ) for n in range(3)]
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
try:
    os.wait()
except ChildProcessError as error:
    print(error)
pidfd = os.pidfd_open(os.getpid())
signal.pidfd_send_signal(pidfd, 0)
os.register_at_fork(after_in_child=lambda: print("in the child", flush=True))
if os.fork() == 0:
    os._exit(0)
os.wait()
if os.fork() == 0:
    time.sleep(0.05)
    print("the child ends last but is awaited", flush=True)
    os._exit(0)
os.wait()
os.execvp("echo", ["echo", "became", "echo"])
