// The first program a newcomer sees: it takes its time, so that the lines are seen to arrive, and reads a line when there is one.
import type { Draft } from './drafts';

export const EXAMPLE: Draft = {
  source: `# Press Run: each line arrives as it is printed.
import sys
import time

name = sys.stdin.readline().strip() or "world"

for n in range(1, 6):
    print(f"{n}. Hello, {name}!", flush=True)
    time.sleep(0.6)

print("Now type a name under Input and run it again.")
`,
  stdin: '',
};
