# Expect: OK 0
# Expect-line: Ada: 3 books, 840 pages
# Expect-line: Grace: 1 book, 310 pages
# Expect-line: The second copy of "Loops" was refused.
"""Makes a database file, fills it, joins two tables and lets a constraint speak.

Expect: one line for each author, then a refused duplicate.
"""

import sqlite3
from contextlib import closing

SCHEMA = """
DROP TABLE IF EXISTS book;
DROP TABLE IF EXISTS author;
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE book (
    title TEXT PRIMARY KEY,
    pages INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES author
);
"""
AUTHORS = [(1, "Ada"), (2, "Grace")]
BOOKS = [("Loops", 200, 1), ("Numbers", 340, 1), ("Tables", 300, 1), ("Compilers", 310, 2)]
SHELVES = """
SELECT name, count(*), sum(pages)
FROM author JOIN book ON author_id = author.id
GROUP BY author.id ORDER BY name
"""

with closing(sqlite3.connect("library.db")) as db:
    db.executescript(SCHEMA)
    with db:  # one transaction: all of it or nothing
        db.executemany("INSERT INTO author VALUES (?, ?)", AUTHORS)
        db.executemany("INSERT INTO book VALUES (?, ?, ?)", BOOKS)

    for name, books, pages in db.execute(SHELVES):
        print(f"{name}: {books} book{'s' if books > 1 else ''}, {pages} pages")

    try:
        with db:
            db.execute("INSERT INTO book VALUES (?, ?, ?)", BOOKS[0])
    except sqlite3.IntegrityError:
        print('The second copy of "Loops" was refused.')
