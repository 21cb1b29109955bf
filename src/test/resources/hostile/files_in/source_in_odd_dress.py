# A program that begins with a byte order mark, names its coding and has carriage returns and form feeds.
# Request: {"source":"\ufeff# -*- coding: utf-8 -*-\r\n\f\r\nprint('é')\r\n\u001aprint('never')"}
# Expect: RUNTIME_ERROR 1
# Expect-error: SyntaxError
