# Files that would lie over each other, or over the program.
# Refused: /files/0/path {"files":[{"path":"main.py","content":"print('other')"}]}
# Refused: /files/1/path {"files":[{"path":"a","content":"1"},{"path":"a","content":"2"}]}
# Refused: /files {"files":[{"path":"a","content":""},{"path":"a/b","content":""}]}
# Refused: /files {"files":[{"path":"a/b/c","content":""},{"path":"a/b","content":""}]}
# Refused: /files {"files":[{"path":"main.py/x","content":""}]}
# Refused: /files/0 {"files":["main.py"]}
# Refused: /files {"files":{"path":"a","content":""}}
# Refused: /files/0/link {"files":[{"path":"a","content":"","link":"/etc/passwd"}]}
# Refused: /files/0/mode {"files":[{"path":"a","content":"","mode":"4755"}]}
# Refused: /files/0/content {"files":[{"path":"a"}]}
# Refused: /files/0/content_base64 {"files":[{"path":"a","content_base64":"!"}]}
# Refused: /files/0/content {"files":[{"path":"a","content":"","content_base64":""}]}
# Expect: OK 0
# Expect-line: ['main.py']
import os

print(os.listdir("/work"))
