# The limit lies in the middle of a character: the text is cut before it.
# Expect: OUTPUT_LIMIT
# Expect-hit: stdout
# Expect-line: €€€
# Expect-no: �
# Limit: output_bytes=11
print("€€€€€€")
