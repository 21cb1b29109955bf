import sys

for number in range(9000):
    print(number, "x" * 40)
sys.stderr.write("y" * 300000 + "\n")
sys.stdout.buffer.write(bytes(range(256)) * 100)
