# Expect: OK 0
# Expect-line: naïve: 5 characters, 6 bytes
# Expect-line: Привет: 6 characters, 12 bytes
# Expect-line: 日本語: 3 characters, 9 bytes
# Expect-line: שלום: 4 characters, 8 bytes
# Expect-line: 👩‍🚀: 3 characters, 11 bytes
# Expect-line: two spellings of é: equal False, normalised True
# Expect-line: in two halves: €
"""Text in several scripts, from its characters to its bytes, printed unharmed.

Expect: seven lines without a replacement character; the last one's euro sign is sent in two writes.
"""

import sys
import time
from unicodedata import normalize

for text in ["naïve", "Привет", "日本語", "שלום", "👩‍🚀"]:
    print(f"{text}: {len(text)} characters, {len(text.encode())} bytes")

composed, decomposed = "\u00e9", "e\u0301"
same = normalize("NFC", decomposed) == composed
print(f"two spellings of é: equal {composed == decomposed}, normalised {same}")

print("in two halves: ", end="", flush=True)
euro = "€".encode()
for half in euro[:1], euro[1:]:
    sys.stdout.buffer.write(half)
    sys.stdout.buffer.flush()
    time.sleep(0.1)
print()
