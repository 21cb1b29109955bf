# A result below folders deeper than any path may be long.
# Collect: **
# Expect-file: good.txt=good
# May-file: **
# Expect: OK 0
import os

open("good.txt", "w").write("good")
for number in range(1500):
    os.mkdir("deeper")
    os.chdir("deeper")
    if number % 100 == 0:
        open("result.txt", "w").write("deep")
