import os
import shutil
import tempfile

print(tempfile.gettempdir())
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file")
    with open(path, "w") as file:
        file.write("x" * 1000)
    print(os.path.getsize(path), os.path.dirname(folder), oct(os.stat(folder).st_mode))
print(os.path.exists(folder))
with tempfile.NamedTemporaryFile("w+", suffix=".txt", delete=False) as file:
    file.write("kept")
print(open(file.name).read(), oct(os.stat(file.name).st_mode))
os.remove(file.name)
with tempfile.TemporaryFile() as file:
    file.write(b"abc")
    file.seek(0)
    print(file.read(), os.fstat(file.fileno()).st_nlink)
with tempfile.SpooledTemporaryFile(max_size=10) as file:
    file.write(b"x" * 20)
    print(file._rolled)
os.makedirs("a/b")
open("a/b/c", "w").close()
shutil.copytree("a", "d")
print(sorted(os.walk("d")))
print(shutil.make_archive("packed", "zip", "d")[-10:])
shutil.rmtree("a")
print(sorted(os.listdir(".")))
