import codecs
import locale

print(
    locale.setlocale(locale.LC_ALL, ""),
    locale.getlocale(),
    locale.getpreferredencoding(),
    locale.localeconv()["decimal_point"],
    locale.strcoll("a", "b") < 0,
)
for name in ("utf-8", "utf-16", "latin-1", "cp1252", "shift_jis", "koi8-r", "idna", "punycode", "ascii"):
    try:
        print(name, "abcé".encode(name), codecs.lookup(name).name)
    except UnicodeError as error:
        print(name, error)
try:
    print(locale.setlocale(locale.LC_ALL, "xx_XX"))
except locale.Error as error:
    print(error)
print(f"{1234567.891:,.2f} {1234567:n}", codecs.encode("hello", "rot13"))
