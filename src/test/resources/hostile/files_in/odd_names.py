# Names that are odd but are names: they arrive as they are and mean nothing to anybody.
# Request: {"files":[{"path":" ","content":"1"},{"path":"-rf","content":"2"},{"path":"new\nline","content":"3"},{"path":"..\\..\\x","content":"4"},{"path":"%2e%2e%2fx","content":"5"},{"path":"~root","content":"6"},{"path":"$HOME","content":"7"},{"path":"`id`","content":"8"},{"path":"@ROOT@","content":"9"},{"path":"...","content":"10"},{"path":".. ","content":"11"},{"path":"\u202egpj.py","content":"12"},{"path":"*","content":"13"},{"path":"a:b","content":"14"},{"path":"\u0001","content":"15"},{"path":"\ud83d\udc7b","content":"16"}]}
# Expect: OK 0
# Expect-line: ['\x01', ' ', '$HOME', '%2e%2e%2fx', '*', '-rf', '.. ', '...', '..\\..\\x', '@ROOT@', '`id`', 'a:b', 'main.py', 'new\nline', '~root', '\u202egpj.py', '👻']
# Expect-line: 136
import os

print(sorted(os.listdir("/work")))
print(sum(int(open(f"/work/{name}").read()) for name in os.listdir("/work") if name != "main.py"))
