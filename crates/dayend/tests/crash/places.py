"""Says where in a SQLite file the rows of some tables are: python3 places.py FILE TABLE... prints `table column offset length`.

A row is encoded here as the file format says, header and values, and its bytes count only if they are in the file once: the copy of
a row on a free page must not be taken for the row. Rows that need more than one page are left out.
"""
import sqlite3
import sys


def varint(number):
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def encoded(value):
    """The serial type of a value, and its bytes."""
    if value is None:
        return 0, b""
    if isinstance(value, bytes):
        return 12 + 2 * len(value), value
    if isinstance(value, str):
        return 13 + 2 * len(value.encode()), value.encode()
    if value in (0, 1):
        return 8 + value, b""
    for kind, size in (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (6, 8):
        if -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1:
            return kind, value.to_bytes(size, "big", signed=True)


path, *tables = sys.argv[1:]
raw = open(path, "rb").read()
database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
for table in tables:
    about = database.execute(f"pragma table_info({table})").fetchall()
    columns = [column[1] for column in about]
    # Such a key is the row's number, and stands before the row.
    numbers = [kind == "INTEGER" and key == 1 for _, _, kind, _, _, key in about]
    for row in database.execute(f"select * from {table}"):
        values = [encoded(None if number else value) for value, number in zip(row, numbers)]
        types = b"".join(varint(kind) for kind, _ in values)
        header = varint(len(types) + 1) + types
        assert len(header) < 128
        record = header + b"".join(value for _, value in values)
        if raw.count(record) != 1:
            continue
        at = raw.index(record) + len(header)
        for column, (_, value) in zip(columns, values):
            if value:
                print(table, column, at, len(value))
            at += len(value)
