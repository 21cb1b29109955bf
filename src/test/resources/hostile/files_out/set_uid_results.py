# Results with the bits that make programs run as somebody else.
# Collect: *.sh
# Expect-file: run.sh=id
# Expect: OK 0
import os

open("run.sh", "w").write("id")
os.chmod("run.sh", 0o6777)
