# Names that are no text, that break lines, headers and pages, that go up without being a step up.
# Collect: *
# May-file: *
# Expect-file: good.txt=good
# Expect: OK 0
open("good.txt", "w").write("good")
for name in (
    b"new\nline.txt",
    b"\xff\xfe.txt",
    b"a\r\nSet-Cookie: x=y\r\n\r\n.html",
    b'"><script>alert(1)<\\script>.html',
    b"..\\..\\x",
    b"...",
    b"..%2f..%2fx",
    b"%00",
    b" ",
    b"~",
    b"-rf",
    b"C:\\x",
    "\u202egpj.exe".encode(),
    "👻".encode(),
    b"n" * 255,
):
    open(name, "w").write("good")
