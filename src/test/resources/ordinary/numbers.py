import cmath
import decimal
import fractions
import math
import statistics

print(decimal.Decimal(1) / 3, decimal.getcontext(), fractions.Fraction(1, 3) + fractions.Fraction("0.25"))
with decimal.localcontext() as context:
    context.prec = 60
    print(decimal.Decimal(2).sqrt())
try:
    decimal.Decimal(1) / 0
except decimal.DivisionByZero as error:
    print(repr(error))
print(0.1 + 0.2, round(2.5), float("nan"), -0.0, 1e308 * 10, (0.1).hex(), math.fsum([0.1] * 10), cmath.sqrt(-1))
print(
    2**1000 % 10**20, math.comb(100, 50), math.isqrt(10**40), int("ff", 16), (255).to_bytes(2, "big"), math.gamma(5.5), math.factorial(25)
)
print(statistics.mean([1, 2, 4]), statistics.stdev([1, 2, 4]), statistics.quantiles(range(10)), statistics.NormalDist(0, 1).cdf(1))
int("1" * 5000)
