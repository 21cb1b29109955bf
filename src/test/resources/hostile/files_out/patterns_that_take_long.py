# Patterns and names that make a bad matcher go back and back.
# Collect: *a*a*a*a*a*a*a*a*a*a*a*a*b
# Collect: **/**/**/**/**/**/**/*b
# Collect: good.*
# Expect-file: good.txt=good
# Expect: OK 0
import os

open("good.txt", "w").write("good")
for number in range(50):
    open("a" * 200 + str(number), "w").close()
os.makedirs("a/" * 60)
