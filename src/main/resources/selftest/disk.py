# Each of the folders that can be written must have an end. Prints what is wrong, or "held".
import os

wrong = []
for folder, most in (("/work", 2 << 20), ("/tmp", 2 << 20), ("/dev/shm", 65 << 20)):
    size = 0
    try:
        with open(f"{folder}/big", "wb", buffering=0) as file:
            while size <= most:
                size += file.write(bytes(1 << 20))
        wrong.append(f"{folder} took {size} bytes")
    except OSError:
        pass
    os.unlink(f"{folder}/big")
    if not 0 < os.statvfs(folder).f_files <= 20_000:  # 0 is no limit
        wrong.append(f"{folder} has {os.statvfs(folder).f_files} inodes")
count = 0
try:
    while count < 1_000:
        os.mkdir(f"/dev/shm/{count}")
        count += 1
    wrong.append(f"/dev/shm took {count} folders")
except OSError:
    pass
print("; ".join(wrong) or "held")
