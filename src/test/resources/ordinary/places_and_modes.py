import glob
import os
import pathlib
import stat

os.umask(0o27)
pathlib.Path("a/b").mkdir(parents=True)
path = pathlib.Path("a/b/file.txt")
print(path.write_text("text"), path.read_text(), path.suffix, path.resolve(), oct(path.stat().st_mode), oct(os.stat("a").st_mode))
os.symlink("b/file.txt", "a/link")
os.link(path, "a/hard")
print(os.readlink("a/link"), os.stat("a/hard").st_nlink, pathlib.Path("a/link").is_symlink(), os.path.realpath("a/link"))
os.chmod(path, 0o600)
os.utime(path, (1, 2))
print(
    stat.filemode(path.stat().st_mode),
    path.stat().st_mtime,
    sorted(map(str, pathlib.Path(".").rglob("*"))),
    sorted(glob.glob("**/*.txt", recursive=True)),
)
os.rename("a/hard", "a/moved")
os.mkfifo("a/pipe")
print(sorted((e.name, e.is_file(), e.is_dir(), e.is_symlink()) for e in os.scandir("a")), stat.S_ISFIFO(os.stat("a/pipe").st_mode))
for attempt in (
    lambda: os.rmdir("a"),
    lambda: os.open("missing", 0),
    lambda: os.mkdir("a"),
    lambda: os.listdir("main.py"),
    lambda: os.remove("a/b"),
    lambda: os.open("x" * 300, os.O_CREAT),
):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__, error)
os.chdir("a")
print(os.getcwd(), os.path.relpath(os.path.dirname(os.getcwd())), os.access("moved", os.W_OK), os.path.samefile("moved", "link"))
print(os.statvfs(".").f_namemax, os.pathconf(".", "PC_NAME_MAX"), os.sysconf("SC_PAGE_SIZE"), os.cpu_count() > 0)
