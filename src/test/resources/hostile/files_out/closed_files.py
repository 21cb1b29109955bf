# Files and folders that nobody may read, not even their owner.
# Collect: **
# Expect-file: good.txt=good
# May-file: **
# Expect: OK 0
import os

open("good.txt", "w").write("good")
open("closed.txt", "w").write("closed")
os.chmod("closed.txt", 0)
os.mkdir("closed")
open("closed/file.txt", "w").write("closed")
os.chmod("closed", 0)
