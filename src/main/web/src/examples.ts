// Programs to begin with. The first is what a newcomer sees: it asks a question and takes its time, so that its lines are seen to come.
import type { Draft } from './drafts';

export interface Example {
  title: { en: string; ko: string };
  draft: Draft;
  collect?: string[];
}

const of = (en: string, ko: string, source: string, more: Partial<Draft> = {}, collect?: string[]): Example => ({
  title: { en, ko },
  draft: { source, stdin: '', files: [], attached: [], ...more },
  ...(collect && { collect }),
});

export const EXAMPLES: readonly [Example, ...Example[]] = [
  of(
    'Hello',
    '인사하기',
    `# Press Run, then type your name in the terminal.
import time

name = input("What is your name? ")

for n in range(1, 6):
    print(f"{n}. Hello, {name}!")
    time.sleep(0.5)
`,
  ),
  of(
    'Guess the number',
    '숫자 맞히기',
    `import random

secret = random.randint(1, 100)
tries = 0

while True:
    guess = int(input("A number from 1 to 100: "))
    tries += 1
    if guess < secret:
        print("Too low.")
    elif guess > secret:
        print("Too high.")
    else:
        print(f"Right, after {tries} tries!")
        break
`,
  ),
  of(
    'Prepared input',
    '준비된 입력 쓰기',
    `# This program reads all lines of the prepared input below.
import sys

numbers = [int(line) for line in sys.stdin if line.strip()]
print("count:", len(numbers))
print("sum:  ", sum(numbers))
print("max:  ", max(numbers))
`,
    { stdin: '3\n14\n15\n92\n' },
  ),
  of(
    'Colours and a progress bar',
    '색상과 진행 막대',
    `import time

for code, name in enumerate("red green yellow blue magenta cyan".split(), start=31):
    print(f"\\033[{code}m{name}\\033[0m")

for done in range(0, 101, 4):
    bar = "#" * (done // 4)
    print(f"\\r[{bar:<25}] {done:3}%", end="", flush=True)
    time.sleep(0.08)
print()
`,
  ),
  of(
    'An error',
    '오류 살펴보기',
    `# The line of the error is marked in the editor.
def mean(numbers):
    return sum(numbers) / len(numbers)

print(mean([1, 2, 3]))
print(mean([]))
`,
  ),
  of(
    'Several files',
    '여러 파일',
    `from shapes import Circle, Square

for shape in Circle(1), Square(2):
    print(f"{shape}: area {shape.area():.2f}")

with open("poem.txt") as poem:
    print(poem.read())
`,
    {
      files: [
        {
          path: 'shapes.py',
          content: `from dataclasses import dataclass
from math import pi


@dataclass
class Circle:
    radius: float

    def area(self):
        return pi * self.radius**2


@dataclass
class Square:
    side: float

    def area(self):
        return self.side**2
`,
        },
        { path: 'poem.txt', content: 'Simple is better than complex.\nComplex is better than complicated.\n' },
      ],
    },
  ),
  of(
    'Hand back a file',
    '파일 돌려받기',
    `# What is named *.csv or *.svg is handed back, below the output.
import csv
import math

with open("sine.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["x", "sin(x)"])
    for step in range(0, 63):
        rows.writerow([step / 10, round(math.sin(step / 10), 4)])

points = " ".join(f"{x},{50 - 40 * math.sin(x / 16):.1f}" for x in range(0, 200, 2))
with open("sine.svg", "w") as file:
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
               f'<polyline points="{points}" fill="none" stroke="steelblue" stroke-width="2"/></svg>')

print("Written.")
`,
    {},
    ['*.csv', '*.svg'],
  ),
  of(
    'Game of life',
    '생명 게임',
    `import random
import time

WIDTH, HEIGHT = 48, 16
alive = {(x, y) for x in range(WIDTH) for y in range(HEIGHT) if random.random() < 0.3}


def step(alive):
    near = {}
    for x, y in alive:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy:
                    place = (x + dx) % WIDTH, (y + dy) % HEIGHT
                    near[place] = near.get(place, 0) + 1
    return {place for place, n in near.items() if n == 3 or (n == 2 and place in alive)}


for _ in range(60):
    rows = ["".join("█" if (x, y) in alive else " " for x in range(WIDTH)) for y in range(HEIGHT)]
    print("\\033[H\\033[2J" + "\\n".join(rows), flush=True)
    alive = step(alive)
    time.sleep(0.1)
`,
  ),
];
