# Expect: OK 0
# Expect-line: up to 1000: 168 ##
# Expect-line: up to 25000: 2762 #######################################
# Expect-line: The largest is 24989.
"""Counts primes step by step; each line is flushed, so you can watch it grow.

Expect: 25 lines with a growing bar, one every tenth of a second, about 2.5 s in all.
"""

import time
from math import isqrt

LIMIT = 25_000
STEP = 1_000


def is_prime(n: int) -> bool:
    return n > 1 and all(n % divisor for divisor in range(2, isqrt(n) + 1))


primes = []
for start in range(0, LIMIT, STEP):
    primes += filter(is_prime, range(start, start + STEP))
    bar = "#" * (len(primes) // 70)
    print(f"up to {start + STEP}: {len(primes)} {bar}", flush=True)
    time.sleep(0.1)

print(f"The largest is {primes[-1]}.")
