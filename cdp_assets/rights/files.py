"""What is neither landing nor DuckDB: logs, run records, inboxes of decisions, SQLite files, compiled SQL, whatever else lies in a home.

A text loses the lines that name her, a SQLite file the rows; a decision about her goes whole. Found by literals; a file of a kind that nobody
here can rewrite is named, never passed over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from cdp_assets.landing.files import replacing
from cdp_assets.sql_text import identifier

SQLITE_MAGIC = b"SQLite format 3\0"
TEXT_BLOCK = 8 << 20


class Finder:
    """Tells whether bytes hold one of the literals, upper or lower case, in UTF-8 or as JSON writes it in ASCII.

    Each literal is looked for by itself: that is many times faster than one pattern of all.
    """

    def __init__(self, literals: Sequence[str]) -> None:
        lower = {each.lower() for each in literals if each}
        self._forms = sorted(
            {form for each in lower for form in (each.encode(), each.encode("ascii", "backslashreplace"))}
        )

    def holds(self, content: bytes) -> bool:
        text = (
            content.decode("utf-8", "replace").lower().encode() if not content.isascii() else content.lower()
        )
        return any(form in text and (not form.isdigit() or _stands_alone(form, text)) for form in self._forms)


def _stands_alone(number: bytes, text: bytes) -> bool:
    """Whether a number is found that is not part of a longer one."""
    at = text.find(number)
    while at >= 0:
        if (
            not text[max(at - 1, 0) : at].isdigit()
            and not text[at + len(number) : at + len(number) + 1].isdigit()
        ):
            return True
        at = text.find(number, at + 1)
    return False


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def rows_in(path: Path, finder: Finder) -> int:
    """Lines of a text, or rows of a SQLite file, that hold a literal."""
    if is_sqlite(path):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            return sum(len(found) for _, found in _sqlite_rows(con, finder))
    if not any(finder.holds(block) for block in _blocks(path)):
        return 0
    return sum(1 for line in _lines(path) if finder.holds(line))


def _blocks(path: Path) -> Iterator[bytes]:
    """Large pieces that end at a line's end."""
    with path.open("rb") as file:
        while block := file.read(TEXT_BLOCK):
            yield block + file.readline()


def cut_file(path: Path, finder: Finder) -> int:
    """Take the lines or rows that hold a literal out of a file; returns how many. A text that stays empty stays as a file."""
    if is_sqlite(path):
        return _cut_sqlite(path, finder)
    count = 0
    with replacing(path) as temporary, temporary.open("wb") as writer:
        for line in _lines(path):
            if finder.holds(line):
                count += 1
            else:
                writer.write(line)
    return count


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _sqlite_rows(con: sqlite3.Connection, finder: Finder) -> Iterator[tuple[str, list[int]]]:
    tables = con.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
    ).fetchall()
    for (table,) in tables:
        name = identifier(table)
        found = [
            row[0] for row in con.execute(f"select rowid, * from {name}") if finder.holds(_cells(row[1:]))
        ]
        if found:
            yield name, found


def _cells(row: Sequence[object]) -> bytes:
    return b"\n".join(
        cell if isinstance(cell, bytes) else str(cell).encode() for cell in row if cell is not None
    )


def _cut_sqlite(path: Path, finder: Finder) -> int:
    count = 0
    with closing(sqlite3.connect(path, timeout=30)) as con:
        con.execute("pragma secure_delete = on")
        for name, rows in list(_sqlite_rows(con, finder)):
            with con:
                con.executemany(f"delete from {name} where rowid = ?", [(row,) for row in rows])
            count += len(rows)
        con.execute("pragma wal_checkpoint(truncate)")
        con.execute("vacuum")
        con.execute("pragma wal_checkpoint(truncate)")
    return count
