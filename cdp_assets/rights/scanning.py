"""The look for what an erasure should have left nowhere, by other code than did it: every cell of every table and file, decoded.

DuckDB files are read table by table as Arrow, Parquet by Arrow, SQLite row by row, originals unpacked, all else as bytes. A literal counts
inside longer text, in upper or lower case, and as addresses of pages and markup escape it; a telephone number also with signs, commas and line
breaks between its digits, and both in wide characters or with spaces and dashes of any kind. What cannot be read is named.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cdp_assets.publishing.copies import text
from cdp_assets.rights.words_in_text import Places, Words
from cdp_assets.sql_text import identifier
from cdp_assets.wording import counted

BATCH_ROWS = 200_000
BLOCK = 8 << 20
# Where a key of hers stays on purpose: no id is issued twice, and a suppression must know her when she is delivered again.
KEPT_ON_PURPOSE = {
    ("issued_ids", "customer_id"),
    ("suppressions", "identifier_pseudonym"),
    ("rights_suppressed", "identifier_pseudonym"),
}
WITHOUT_PEOPLE = (
    pa.types.is_boolean,
    pa.types.is_temporal,
    pa.types.is_null,
    pa.types.is_floating,
    pa.types.is_decimal,
)
DUCKDB_MAGIC, PARQUET_MAGIC, GZIP_MAGIC, ZIP_MAGIC = b"DUCK", b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
SQLITE_MAGIC = b"SQLite format 3\0"
BETWEEN = r"[ ().\-/_\t]{0,3}"  # digits of one number
# Commas, line breaks (as JSON writes them, too) and much space part groups of two digits and more: a row of single figures is no number.
FAR = r"(?:[ ().\-/_\t,;\r\n]|\\[nrt]){1,12}"
SURE_DIGITS = 9  # of a number without its country's code: a shorter one may be the number of anything
# A text with wide characters, or spaces, dashes and marks that are not of ASCII, about an address or a number: it is folded before it is looked at.
ODD = "[\u00a0\u00ad\u2000-\u206f\u2212\u3000\ufeff\uff01-\uff5e]"
ESCAPE = "(?i)%|&#|&[a-z]+;|<br"  # what addresses of pages, and markup, write for characters
OF_CONTACT = "[@\uff20]|[0-9\uff10-\uff19](?:[^0-9\uff10-\uff19]{0,3}[0-9\uff10-\uff19]){6}"


@dataclass
class Scan:
    """What was looked at, and where something was found: a file and a table or column, never the value."""

    files: int = 0
    cells: int = 0
    size_bytes: int = 0
    hits: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.hits and not self.unreadable


class Looked:
    """What is looked for: literals, and the digits of numbers."""

    def __init__(self, literals: Sequence[str], numbers: Sequence[str]) -> None:
        sure = [each for each in numbers if len(each) >= SURE_DIGITS]
        self._literals, self._digits = Words([*literals, *sure]), Words(numbers, is_inside=True)
        self._numbers = [_pattern(BETWEEN, each) for each in numbers]
        self._far_digits = Words(sure, is_inside=True)
        self._far = [_pattern(f"(?:{FAR}(?=[0-9]{{2}}))?", each) for each in sure]

    def held_by(self, texts: pa.Array) -> Places:
        """Places of the texts that hold any of it."""
        found = [self._literals.held_by(texts), *self._with_numbers(texts)]
        is_odd = _is_true(pc.match_substring_regex(texts, ODD)) & _is_true(
            pc.match_substring_regex(texts, OF_CONTACT)
        )
        escaped = np.flatnonzero(is_odd | _is_true(pc.match_substring_regex(texts, ESCAPE)))
        if len(escaped):
            read = pa.array([_plain(each) for each in texts.take(escaped).to_pylist()], pa.large_string())
            found += [escaped[each] for each in (self._literals.held_by(read), *self._with_numbers(read))]
        return np.unique(np.concatenate(found))

    def _with_numbers(self, texts: pa.Array) -> Iterator[Places]:
        """Places where a number stands with signs between its digits: without them it would be found among the literals."""
        yield _parted(texts, "[ ().\\-/_\t]{1,3}", self._digits, self._numbers)
        yield _parted(texts, FAR, self._far_digits, self._far)


def _pattern(between: str, number: str) -> re.Pattern[str]:
    return re.compile(f"(?<![0-9]){between.join(number)}(?![0-9])")


def _parted(texts: pa.Array, between: str, digits: Words, patterns: Sequence[re.Pattern[str]]) -> Places:
    """Places of the texts that hold one of the numbers, its digits parted so; the digits alone are looked for first."""
    if not patterns:
        return np.empty(0, np.int64)
    places = np.flatnonzero(_is_true(pc.match_substring_regex(texts, f"[0-9]{between}[0-9]")))
    some = texts.take(places)
    likely = digits.held_by(pc.replace_substring_regex(some, f"([0-9]){between}", "\\1"))
    read = some.take(likely).to_pylist()
    return places[likely[[any(each.search(text) for each in patterns) for text in read]]]


def _plain(text: str) -> str:
    """A text as people read it: escapes read, twice, compatible characters folded, dashes one, marks that nobody sees left out."""
    for _ in range(2):
        text = unquote(unescape(re.sub("<br */?>", "\n", _folded(text), flags=re.IGNORECASE)))
    return _folded(text)


def _folded(text: str) -> str:
    folded = (unicodedata.normalize("NFKC", each) for each in text if unicodedata.category(each) != "Cf")
    return "".join(
        "-" if each == "\u2212" or unicodedata.category(each[0]) == "Pd" else each for each in folded
    )


def _is_true(tests: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(tests, False).to_numpy(zero_copy_only=False), dtype=bool)


def scan(
    home: Path, literals: Sequence[str], *, numbers: Sequence[str] = (), leave_out: Iterable[Path] = ()
) -> Scan:
    """Look for the literals, and for numbers however they are written, in every file below `home` but the left out."""
    found = Scan()
    if not literals:
        return found
    away = {path.resolve() for path in leave_out}
    words = Looked(literals, numbers)
    for path in files_below(home):
        if path.resolve() in away or any(parent in away for parent in path.resolve().parents):
            continue
        found.files += 1
        found.size_bytes += path.stat().st_size
        name = path.relative_to(home).as_posix()
        try:
            _scan_file(path, name, words, found)
        except (
            duckdb.Error,
            pa.ArrowException,
            sqlite3.Error,
            OSError,
            EOFError,
            zipfile.BadZipFile,
        ) as error:
            found.unreadable.append(f"{name} ({type(error).__name__})")
    return found


def files_below(home: Path) -> Iterator[Path]:
    """Every file, links left out, in name order."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _scan_file(path: Path, name: str, words: Looked, found: Scan) -> None:
    with path.open("rb") as file:
        head = file.read(16)
    if head[8:12] == DUCKDB_MAGIC:
        _scan_database(path, name, words, found)
    elif head.startswith(PARQUET_MAGIC):
        _scan_parquet(path, name, words, found)
    elif head.startswith(SQLITE_MAGIC):
        _scan_sqlite(path, name, words, found)
    elif head.startswith(ZIP_MAGIC):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as stream:
                    _scan_lines(stream, name, words, found)
    elif head.startswith(GZIP_MAGIC):
        with gzip.open(path) as stream:
            _scan_lines(cast(IO[bytes], stream), name, words, found)
    else:
        with path.open("rb") as stream:
            _scan_lines(stream, name, words, found)


def _scan_lines(stream: IO[bytes], name: str, words: Looked, found: Scan) -> None:
    """A text of whatever encoding channels deliver in, by lines; a line counts as one cell."""
    count, encoding = 0, ""
    while block := stream.read(BLOCK):
        block += stream.readline()
        encoding = encoding or _encoding_of(block)
        lines = pa.array(block.decode(encoding, "replace").split("\n"), pa.large_string())
        found.cells += len(lines)
        count += _matches(lines, words)
    if count:
        found.hits.append(f"{name}: {count} lines")


def _encoding_of(block: bytes) -> str:
    if block.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _matches(texts: pa.Array, words: Looked) -> int:
    """How many of the texts hold a literal; equal texts are looked at once."""
    counted = pc.value_counts(texts)
    holding = words.held_by(counted.field("values"))
    return int(counted.field("counts").to_numpy(zero_copy_only=False)[holding].sum()) if len(holding) else 0


def _scan_database(path: Path, name: str, words: Looked, found: Scan) -> None:
    with duckdb.connect(config={"threads": 2, "temp_directory": ""}) as con:
        con.execute(f"attach {text(path)} as looked (read_only)")
        rows = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'looked' order by all"
        ).fetchall()
        for schema, table in rows:
            reader = con.sql(f"select * from looked.{identifier(schema, table)}").to_arrow_reader(BATCH_ROWS)
            hits: dict[str, int] = {}
            for batch in reader:
                _scan_batch(batch, table, words, found, hits)
            found.hits += [
                f"{name}: {schema}.{table}.{column}, {count} cells" for column, count in sorted(hits.items())
            ]


def _scan_parquet(path: Path, name: str, words: Looked, found: Scan) -> None:
    hits: dict[str, int] = {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            _scan_batch(batch, "", words, found, hits)
        edges = [
            text
            for index in range(file.metadata.num_row_groups)
            for text in _edges(file.metadata.row_group(index))
        ]
    if edges and (count := _matches(pa.array(edges, pa.large_string()), words)):
        hits["statistics"] = count
    found.hits += [f"{name}: {column}, {count} cells" for column, count in sorted(hits.items())]


def _edges(group: pq.RowGroupMetaData) -> Iterator[str]:
    """The least and greatest values that a row group's statistics keep in clear."""
    for at in range(group.num_columns):
        statistics = group.column(at).statistics
        if statistics is not None and statistics.has_min_max:
            yield f"{statistics.min}\n{statistics.max}"


def _scan_batch(batch: pa.RecordBatch, table: str, words: Looked, found: Scan, hits: dict[str, int]) -> None:
    found.cells += batch.num_rows * batch.num_columns
    for column, name in zip(batch.columns, batch.schema.names, strict=True):
        if (table, name) in KEPT_ON_PURPOSE:
            continue
        texts = _texts(column)
        if texts is None:
            continue
        count = _matches(texts, words)
        if count:
            hits[name] = hits.get(name, 0) + count


def _texts(column: pa.Array) -> pa.Array | None:
    """A column as text; of a nested one all its leaves. None for truth values and times, which hold nobody."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if any(test(kind) for test in WITHOUT_PEOPLE):
        return None
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([_leaves(value) for value in column.to_pylist()], pa.string())
    return pc.cast(column, pa.string())


def _leaves(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _scan_sqlite(path: Path, name: str, words: Looked, found: Scan) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = con.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            count = 0
            rows = con.execute(f"select * from {identifier(table)}")
            while some := rows.fetchmany(BATCH_ROWS // 100):
                found.cells += sum(len(row) for row in some)
                count += _matches(pa.array([_joined(row) for row in some], pa.large_string()), words)
            if count:
                found.hits.append(f"{name}: {table}, {counted(count, 'rows')}")


def _joined(row: Sequence[object]) -> str:
    return "\n".join(
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
        for cell in row
        if cell is not None
    )
