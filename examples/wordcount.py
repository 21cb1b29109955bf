# Stdin: The quick brown fox jumps over the lazy dog.
# Stdin: The dog sleeps; the fox does not.
# Expect: OK 0
# Expect-line: lines: 2
# Expect-line: words: 16
# Expect-line: characters: 79
# Expect-line: the 4
# Expect-line: fox 2
"""Reads standard input: counts lines, words and characters, and ranks the words.

Expect: three totals, then up to ten words with their counts, the commonest first.
"""

import re
import sys
from collections import Counter

text = sys.stdin.read()
words = re.findall(r"\w+(?:['’]\w+)*", text.lower())

print(f"lines: {len(text.splitlines())}")
print(f"words: {len(words)}")
print(f"characters: {len(text)}")
print()
for word, count in Counter(words).most_common(10):
    print(word, count)
