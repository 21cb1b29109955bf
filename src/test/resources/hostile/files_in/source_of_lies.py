# A program in a coding that it does not have.
# Request: {"source":"# coding: utf-16\nprint('begun')"}
# Expect: RUNTIME_ERROR 1
# Expect-error: SyntaxError
