# Links that lead to the host by way of processes, descriptors and many steps up.
# Expect: OK 0
# Expect-line: held 28
import os

from trial import held, refused

up = "../" * 40
targets = ["etc/shadow", "root/.bashrc", "home", "var/log", "sys/kernel", "boot", "run"]
for number, target in enumerate(targets):
    for way, start in enumerate(
        (f"/proc/1/root/{target}", f"/proc/self/root/{target}", f"/proc/self/cwd/{up}{target}", f"/proc/1/cwd/{up}{target}")
    ):
        link = f"link{number}{way}"
        os.symlink(start, link)
        refused(start, lambda: os.open(link, os.O_RDONLY), "ENOENT", "EACCES", "EPERM")
held()
