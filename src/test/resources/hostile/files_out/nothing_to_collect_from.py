# Takes its working directory's rights away and removes what is in it.
# Collect: **
# May-file: **
# Expect: OK 0
import os

os.remove("main.py")
os.chmod("/work", 0)
