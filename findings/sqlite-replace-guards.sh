#!/usr/bin/env bash
# SQLite 3.40.1: a table that is guarded by BEFORE UPDATE and BEFORE DELETE triggers which raise is changed all the
# same by INSERT OR REPLACE: the rows that it removes fire no DELETE trigger unless `PRAGMA recursive_triggers` is on,
# and that is a setting of the connection that writes, not of the file. A BEFORE INSERT trigger that raises where the row
# is there already closes the door, and needs no setting.
# Seen with 3.40.1, Python 3.11: "guarded: eve", "closed: refused, ada".
# Fails if that changes.
set -euo pipefail
python3 - <<'PY'
import sqlite3

GUARD = "CREATE TRIGGER no_{0} BEFORE {0} ON facts BEGIN SELECT RAISE(ABORT, 'only appended to'); END"
CLOSED = (
    "CREATE TRIGGER no_replace BEFORE INSERT ON facts WHEN EXISTS (SELECT 1 FROM facts WHERE number = NEW.number) "
    "BEGIN SELECT RAISE(ABORT, 'only appended to'); END"
)


def replaced(*more):
    book = sqlite3.connect(":memory:", isolation_level=None)
    book.execute("CREATE TABLE facts (number INTEGER PRIMARY KEY, who TEXT)")
    for statement in (*(GUARD.format(change) for change in ("UPDATE", "DELETE")), *more):
        book.execute(statement)
    book.execute("INSERT INTO facts VALUES (1, 'ada')")
    said = ""
    try:
        book.execute("INSERT OR REPLACE INTO facts VALUES (1, 'eve')")
    except sqlite3.IntegrityError:
        said = "refused, "
    return said + book.execute("SELECT who FROM facts").fetchone()[0]


print(sqlite3.sqlite_version)
print("guarded:", guarded := replaced())
print("closed:", closed := replaced(CLOSED))
assert guarded == "eve", "INSERT OR REPLACE now fires DELETE triggers"
assert closed == "refused, ada", closed
PY
