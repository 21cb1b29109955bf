# Writes exactly as much as it may.
# Expect: OK 0
# Expect-bytes: 10000
# Limit: output_bytes=10000
print("x" * 9999)
