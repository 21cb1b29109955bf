# Writes one byte more than it may, and ends.
# Expect: OUTPUT_LIMIT
# Expect-hit: stdout
# Expect-bytes: 10000
# Limit: output_bytes=10000
print("x" * 10000)
