# Asks for files outside of its working directory.
# Refused: /collect {"collect":["../*"]}
# Refused: /collect {"collect":["/etc/passwd"]}
# Refused: /collect {"collect":["a/../../*"]}
# Refused: /collect {"collect":["/**"]}
# Refused: /collect {"collect":[""]}
# Refused: /collect {"collect":["a\u0000b"]}
# Refused: /collect {"collect":[7]}
# Refused: /collect {"collect":"*"}
# Refused: /collect {"collect":{"path":"*"}}
# Collect: good.txt
# Expect-file: good.txt=good
# Expect: OK 0
open("good.txt", "w").write("good")
