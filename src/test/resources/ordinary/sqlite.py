import sqlite3

with sqlite3.connect("data.db") as db:
    print(db.execute("pragma journal_mode=wal").fetchone())
    db.execute("create table t(n integer primary key, name text unique)")
    db.executemany("insert into t values (?, ?)", ((n, f"name {n}") for n in range(1000)))
    db.create_function("double", 1, lambda n: n * 2)
    print(db.execute("select sum(double(n)), max(name) from t").fetchone())
    try:
        db.execute("insert into t values (1, 'x')")
    except sqlite3.IntegrityError as error:
        print(error)
db.execute("begin immediate")
other = sqlite3.connect("data.db", timeout=0.05)
try:
    other.execute("begin immediate")
except sqlite3.OperationalError as error:
    print(error)
db.rollback()
memory = sqlite3.connect(":memory:")
db.backup(memory)
print(memory.execute("select count(*) from t").fetchone(), memory.total_changes)
for line in list(memory.iterdump())[:3]:
    print(line)
memory.execute("create virtual table words using fts5(word)")
memory.executemany("insert into words values (?)", [("hello world",), ("goodbye",)])
print(memory.execute("select * from words where words match 'hello'").fetchall())
