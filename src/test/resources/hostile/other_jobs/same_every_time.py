# What is guessed here could be guessed of a neighbour: addresses, hash seeds and canaries are its own.
# Stdin: nothing
# Expect: OK 0
# Expect-line: three different
import subprocess
import sys

program = "print(hash('x'), id(object()), open('/proc/self/maps').readline().split('-')[0])"
print("three different" if len({subprocess.check_output([sys.executable, "-c", program]) for _ in range(3)}) == 3 else "the same")
