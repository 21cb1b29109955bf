# Expect: CPU_LIMIT
# Expect-line: Counting forever ...
"""A loop that never ends and never rests.

Expect: stopped at the limit of CPU time; the job's "stack" names the line it was on.
"""


def count_forever() -> None:
    n = 0
    while True:
        n += 1


print("Counting forever ...", flush=True)
count_forever()
