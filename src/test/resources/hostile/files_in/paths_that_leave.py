# Files whose paths lead out of the working directory, or are no paths at all.
# Refused: /files/0/path {"files":[{"path":"../x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a/../../x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a/..","content":""}]}
# Refused: /files/0/path {"files":[{"path":"/etc/passwd","content":""}]}
# Refused: /files/0/path {"files":[{"path":"//x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"./x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a/./x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a//x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a/","content":""}]}
# Refused: /files/0/path {"files":[{"path":"","content":""}]}
# Refused: /files/0/path {"files":[{"path":".","content":""}]}
# Refused: /files/0/path {"files":[{"path":"..","content":""}]}
# Refused: /files/0/path {"files":[{"path":"a\u0000/../../x","content":""}]}
# Refused: /files/0/path {"files":[{"path":"\ud800","content":""}]}
# Refused: /files/0/path {"files":[{"path":"/","content":""}]}
# Refused: /files/0/path {"files":[{"path":7,"content":""}]}
# Refused: /files/0/path {"files":[{"path":null,"content":""}]}
# Refused: /files/1/path {"files":[{"path":"good","content":""},{"path":"../bad","content":""}]}
# Expect: OK 0
# Expect-line: ['main.py']
import os

print(os.listdir("/work"))
