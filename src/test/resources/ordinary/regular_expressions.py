import re
import string

text = "The year 1999, or 2024-05-06; é and naïve_word."
print(re.findall(r"\b\d{4}\b", text), re.sub(r"(\w+)-(\d+)", r"\2-\1", text), re.split(r"[,;]\s*", text))
match = re.search(r"(?P<year>\d{4})-(?P<month>\d\d)", text)
print(match.groupdict(), match.span(), re.compile("a", re.I | re.X), re.escape("a.b*c"))
print(re.match(r"(a+)+$", "a" * 15 + "b"), [m.group() for m in re.finditer(r"\w+ï\w+", text)], re.fullmatch("x*", "xxx"))
print(string.Template("$a and ${b}").substitute(a=1, b=2), "{0!r:>10} {x[k]}".format("s", x={"k": 1}), "%5.2f|%-5s|%05d" % (1.5, "a", 42))
re.compile("(unclosed")
