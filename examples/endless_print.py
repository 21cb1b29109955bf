# Expect: OUTPUT_LIMIT
# Expect-line: 1: this line is one of very many
"""Prints faster than anybody can read.

Expect: stopped at the limit of output; what was printed up to there is kept.
"""

from itertools import count

for n in count(1):
    print(f"{n}: this line is one of very many")
