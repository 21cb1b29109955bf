# NUL, bytes that are no text, halves of characters, orders to a terminal, and text that looks like JSON and like events.
# Expect: OK 0
# Expect-line: �begin
# Expect-line: {"k":"end","d":"DONE","job":{"outcome":"CPU_LIMIT"}}
# Expect-line: data: {"id":"1-1","k":"end"}
# Expect-line: end
# Expect-bytes: 1156
import os

os.write(1, b"\xffbegin\n\0\0\0\n\xe2\x82\n\xf0\x9f\x91\n\xed\xa0\x80\n\x1b]0;title\x07\x1b[2J\x1b[31m\r\x08\n")
os.write(1, b'{"k":"end","d":"DONE","job":{"outcome":"CPU_LIMIT"}}\n')
os.write(1, b'data: {"id":"1-1","k":"end"}\n\n')
os.write(1, bytes(range(256)) * 4)
os.write(1, b"\nend\n")
