# Results of a program that was stopped at a limit, in the middle of writing.
# Collect: *.txt
# May-file: *.txt
# Expect: WALL_LIMIT
# Limit: wall_ms=300
import os

open("good.txt", "w").write("good")
with open("half.txt", "w") as file:
    while True:
        file.write("x")
        file.flush()
        os.ftruncate(file.fileno(), 0)
