"""What is neither landing nor DuckDB: logs, run records, inboxes of decisions, SQLite files, compiled SQL, whatever else lies in a home.

A text loses the lines that name her, packed or not, a SQLite file the rows; an archive or a DuckDB file that names her goes whole. Found by literals; a file of
a kind that nobody here can rewrite is named by the scan, never passed over.
"""

from __future__ import annotations

import codecs
import gzip
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.engine import scratch
from cdp_assets.landing.files import replacing
from cdp_assets.landing.suppression.identifiers import contacts_in, unescaped
from cdp_assets.sql_text import identifier, literal

DUCKDB_MAGIC, DUCKDB_AT = b"DUCK", 8  # and where in its file it stands
SQLITE_MAGIC, ZIP_MAGIC, GZIP_MAGIC, PARQUET_MAGIC = b"SQLite format 3\0", b"PK\x03\x04", b"\x1f\x8b", b"PAR1"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TEXT_BLOCK = 8 << 20
ROWS = 10_000
WORD = re.compile(r"[^\s,;|\"'<>]+")
Words = Callable[[set[tuple[str, str]]], bool]


class Finder:
    """Tells whether bytes name somebody: by a literal, upper or lower case, in UTF-8 or as JSON writes it in ASCII, or by an address or a number
    however it is written.

    Each literal is looked for by itself: that is many times faster than one pattern of all. `is_hers` judges addresses and numbers in their normal
    forms; with `has_words`, each word of the text, too: where only keyed hashes of ids are left.
    """

    def __init__(
        self, literals: Sequence[str], is_hers: Words | None = None, *, has_words: bool = False
    ) -> None:
        self._is_hers, self._has_words = is_hers, has_words
        lower = {each.lower() for each in literals if each}
        self._forms = sorted(
            {form for each in lower for form in (each.encode(), each.encode("ascii", "backslashreplace"))}
        )

    def holds(self, content: bytes) -> bool:
        text = (
            content.decode("utf-8", "replace").lower().encode() if not content.isascii() else content.lower()
        )
        if self._has_literal(text):
            return True
        said = content.decode("utf-8", "replace")
        read = unescaped(said) if b"%" in text or b"&" in text or b"<" in text else said
        if read != said and self._has_literal(read.lower().encode()):
            return True
        if self._is_hers is None:
            return False
        words = {("word", each) for each in WORD.findall(said)} if self._has_words else set()
        return self._is_hers(contacts_in(said) | words)

    def _has_literal(self, text: bytes) -> bool:
        return any(
            form in text and (not _has_edge(form) or _stands_alone(form, text)) for form in self._forms
        )


def _has_edge(form: bytes) -> bool:
    return form[:1].isdigit() or form[-1:].isdigit()


def _stands_alone(number: bytes, text: bytes) -> bool:
    """Whether a text that begins or ends with a digit is found where that is not part of a longer number: 5 Long Road is not 15 Long Road."""
    at = text.find(number)
    while at >= 0:
        is_begun = number[:1].isdigit() and text[max(at - 1, 0) : at].isdigit()
        goes_on = number[-1:].isdigit() and text[at + len(number) : at + len(number) + 1].isdigit()
        if not is_begun and not goes_on:
            return True
        at = text.find(number, at + 1)
    return False


def starts_with(path: Path, *magics: bytes) -> bool:
    """Whether a file begins with one of them."""
    with path.open("rb") as file:
        return file.read(max(map(len, magics))).startswith(magics)


def rows_in(path: Path, finder: Finder) -> int:
    """Lines of a text or of an archive's members, or rows of a SQLite, DuckDB or Parquet file, that hold a literal."""
    if _is_duckdb(path):
        return _duckdb_rows(path, finder)
    if starts_with(path, PARQUET_MAGIC):
        with pq.ParquetFile(path) as file:
            return sum(sum(_parquet_rows(batch, finder)) for batch in file.iter_batches())
    if starts_with(path, SQLITE_MAGIC):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            return sum(len(found) for _, found in _sqlite_rows(con, finder))
    if starts_with(path, ZIP_MAGIC):
        with zipfile.ZipFile(path) as archive:
            return sum(_lines_in(archive.open(name), finder) for name in archive.namelist())
    return _lines_in(_opened(path), finder)


def _lines_in(stream: IO[bytes], finder: Finder) -> int:
    """Lines that hold a literal, looked for in large pieces that end at a line's end."""
    count = 0
    with stream:
        while block := stream.read(TEXT_BLOCK):
            block += stream.readline()
            if finder.holds(block):
                count += sum(1 for line in block.splitlines() if finder.holds(line))
    return count


def _opened(path: Path) -> IO[bytes]:
    """A text to read, unpacked; one in UTF-16 is read as UTF-8."""
    if starts_with(path, *UTF_16_MARKS):
        return cast(IO[bytes], codecs.EncodedFile(path.open("rb"), "utf-8", "utf-16"))
    return cast(IO[bytes], gzip.open(path)) if starts_with(path, GZIP_MAGIC) else path.open("rb")


def is_plain_text(path: Path) -> bool:
    """Whether lines can be taken out of a file and the rest stays as it was: no archive, no database, no table in columns, no encoding of two bytes."""
    return not _is_duckdb(path) and not starts_with(
        path, SQLITE_MAGIC, ZIP_MAGIC, PARQUET_MAGIC, *UTF_16_MARKS
    )


def cut_file(path: Path, finder: Finder) -> int:
    """Take the lines or rows that hold a literal out of a file; returns how many. A text that stays empty stays as a file, an archive goes."""
    if starts_with(path, SQLITE_MAGIC):
        return _cut_sqlite(path, finder)
    if _is_log_of_sqlite(path):  # its lines are pages: the database takes them in, and begins a new log
        count = rows_in(path, finder)
        _cut_sqlite(_database_of(path), finder)
        return count
    if starts_with(path, PARQUET_MAGIC):
        return _cut_parquet(path, finder)
    if starts_with(path, ZIP_MAGIC) or _is_duckdb(path):
        count = rows_in(path, finder)
        path.unlink()
        return count
    count = 0
    with replacing(path) as temporary, _packed_as(path, temporary) as writer, _opened(path) as lines:
        for line in lines:
            if finder.holds(line):
                count += 1
            else:
                writer.write(line)
    return count


def _database_of(log: Path) -> Path:
    return log.with_name(log.name.removesuffix("-wal"))


def _is_log_of_sqlite(path: Path) -> bool:
    database = _database_of(path)
    return path.name.endswith("-wal") and database.is_file() and starts_with(database, SQLITE_MAGIC)


def _packed_as(path: Path, target: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(target, "wb")) if starts_with(path, GZIP_MAGIC) else target.open("wb")


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


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(DUCKDB_AT + len(DUCKDB_MAGIC))[DUCKDB_AT:] == DUCKDB_MAGIC


def _duckdb_rows(path: Path, finder: Finder) -> int:
    """Rows of any table that hold a literal. A file of a table that nobody here made."""
    with scratch() as con:
        con.execute(f"attach {literal(path)} as looked (read_only)")
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'looked'"
        ).fetchall()
        count = 0
        for each in names:
            rows = con.execute(f"select * from looked.{identifier(*each)}")
            while some := rows.fetchmany(ROWS):
                count += sum(finder.holds(_cells(row)) for row in some)
        return count


def _parquet_rows(batch: pa.RecordBatch, finder: Finder) -> list[bool]:
    """Whether each row holds a literal."""
    return [finder.holds(_cells(list(row.values()))) for row in batch.to_pylist()]


def _cut_parquet(path: Path, finder: Finder) -> int:
    count = 0
    with (
        replacing(path) as temporary,
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(temporary, file.schema_arrow) as writer,
    ):
        for batch in file.iter_batches():
            hers = _parquet_rows(batch, finder)
            count += sum(hers)
            writer.write_batch(batch.filter(pa.array([not each for each in hers], pa.bool_())))
    return count


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
