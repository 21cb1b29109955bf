# Expect: OK 0
# Expect-line: Hello, world!
"""The smallest program: prints a greeting and says which Python ran it.

Expect: two lines, at once.
"""

import platform

print("Hello, world!")
print(f"This is {platform.python_implementation()} {platform.python_version()}.")
