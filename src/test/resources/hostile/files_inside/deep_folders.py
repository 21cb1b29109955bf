# Folders in folders, deeper than any path may be long; they are left behind.
# Expect: OK 0
# Expect-line: 3000 deep
import os

for _ in range(3000):
    os.mkdir("deeper")
    os.chdir("deeper")
print("3000 deep")
