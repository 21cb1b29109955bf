import os
import sys
import unicodedata

print(
    "naïve Привет 日本語 שלום 👩‍🚀 \N{SNOWMAN}",
    sys.getdefaultencoding(),
    sys.getfilesystemencoding(),
    sys.stdout.encoding,
    sys.stdout.errors,
)
for text in ("é", "e\u0301", "ﬁ", "ß", "İ", "👨‍👩‍👧"):
    print(
        text,
        len(text),
        text.upper(),
        text.casefold(),
        unicodedata.normalize("NFKD", text).encode("utf-8"),
        [unicodedata.name(c, "?") for c in text],
    )
open("ünï.txt", "w").write("ö")
print(sorted(os.listdir(".")), open("ünï.txt").read(), ascii("é👻"), "é".encode("latin-1"), "\udcff".encode("utf-8", "surrogateescape"))
naïve = 1
print(naïve, "é" < "z", sorted("éaz"), "{:>5}|{:^5}|".format("é", "日"))
print("\ud800")
