import random
import os

chance = random.Random(42)
print([chance.random() for _ in range(3)], chance.randint(1, 100), chance.choice("abc"), chance.sample(range(100), 5), chance.gauss(0, 1))
items = list(range(10))
chance.shuffle(items)
print(items, chance.choices("ab", [1, 9], k=10), chance.randbytes(8), chance.getrandbits(100))
random.seed("text")
print(random.random(), random.getstate()[0], len(os.urandom(8)), random.SystemRandom().random() < 1)
