def primes(limit):
    sieve = bytearray([1]) * limit
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(sieve[number * number :: number]))
    return [n for n in range(2, limit) if sieve[n]]


found = primes(200000)
print(len(found), found[-1])
memory = {}


def fibonacci(n):
    if n < 2:
        return n
    if n not in memory:
        memory[n] = fibonacci(n - 1) + fibonacci(n - 2)
    return memory[n]


print(fibonacci(300))


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    return sum(
        queens(n, row + 1, columns | 1 << c, left | 1 << row + c, right | 1 << row - c + n)
        for c in range(n)
        if not (columns >> c & 1 or left >> row + c & 1 or right >> row - c + n & 1)
    )


print(queens(7))
