# Many files of holes: little on the disk, gigabytes to hand back.
# Collect: *
# May-file: *
# Expect: OK 0
# Expect-line: 200 files of 60 MiB
for number in range(200):
    with open(f"{number}.bin", "wb") as file:
        file.truncate(60 << 20)
print("200 files of 60 MiB")
