# A program with NUL in its text: Python's own error.
# Request: {"source":"print('begun')\u0000\nprint('more')"}
# Expect: RUNTIME_ERROR 1
# Expect-error: SyntaxError
