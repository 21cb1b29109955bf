import os
import signal
import subprocess
import sys

child = "import os, sys, signal; print(os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid(), signal.getsignal(signal.SIGPIPE))"
print(subprocess.check_output([sys.executable, "-c", child], start_new_session=True))
print(subprocess.check_output([sys.executable, "-c", child], restore_signals=False))
reading, writing = os.pipe()
print(
    subprocess.check_output([sys.executable, "-c", f"import os; os.write({writing}, b'x'); print('written')"], pass_fds=[writing]),
    os.read(reading, 1),
)
print(subprocess.check_output([sys.executable, "-c", "import os; print(os.listdir('/proc/self/fd')[:3], '%o' % os.umask(0))"], umask=0o077))
process = subprocess.Popen(["sleep", "60"])
print(process.poll())
process.send_signal(signal.SIGTERM)
print(process.wait(), process)
print(subprocess.run(["cat"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
print(subprocess.run([sys.executable, "-c", "1 / 0"], stderr=subprocess.PIPE, text=True).stderr)
print(
    os.spawnlp(os.P_WAIT, "sh", "sh", "-c", "exit 7"),
    os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp("sh", ["sh", "-c", "exit 8"], os.environ), 0)[1]),
)
