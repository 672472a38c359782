"""Delimited text as rows of text: DuckDB's reader for regular files, a careful one for all others.

DuckDB reads a file only where the independent count found nothing odd in it. Whatever is odd (line breaks in cells, stray
quotes, blank lines, footers) goes through Python's csv, line by line, in bounded memory, and keeps each row's own text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cdp_assets.landing.contract import Dialect
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.text import TextSource
from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH_ROWS = 20_000
MAX_FIELD = 64 << 20


def read_header(stream: BinaryIO, dialect: Dialect, max_line: int) -> tuple[list[str], int, int]:
    """Header texts, the header's line (from 1), and how many physical lines precede the data.

    Leaves the stream at the first data line. Raises FileHeld where there is no header line.
    """
    lines = 0

    def physical_lines() -> Iterator[str]:
        nonlocal lines
        while line := stream.readline(max_line + 1):
            lines += 1
            if len(line) > max_line:
                raise FileHeld(
                    "line_too_long",
                    f"line {lines} is longer than {max_line:,} bytes",
                    "check the file and its delimiter",
                )
            yield line.decode("utf-8", "replace")

    source = physical_lines()
    for _ in range(dialect.preamble_rows):
        next(source, None)
    header_line = lines + 1
    rows = csv.reader(source, csv_dialect(dialect, strict=False))
    header: list[str] = []
    while not header:
        header_line = lines + 1
        found = _header_row(rows, header_line)
        if found is None:
            raise FileHeld(
                "no_header",
                f"the file ends after {lines} lines, before any header",
                "ask for the full export; correct preambleRows if the title lines changed",
            )
        header = found
    left = dialect.sub_header_rows
    while left and (found := _header_row(rows, lines + 1)) is not None:
        left -= bool(found)  # a line without a single character is no row
    return header, header_line, lines


def _header_row(rows: Iterator[list[str]], line: int) -> list[str] | None:
    """The next row of the header, None at the file's end. Raises FileHeld for one that no reader can take apart."""
    try:
        return next(rows, None)
    except csv.Error:
        raise FileHeld(
            "malformed_header",
            f"line {line}, in the header: a carriage return without a newline, a null byte or text behind a quote",
            "ask for the file again with newlines at the ends of its lines (not with lone carriage returns)",
        ) from None


def csv_dialect(dialect: Dialect, *, strict: bool) -> type[csv.Dialect]:
    facts: dict[str, object] = {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote,
        "quoting": csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        "doublequote": True,
        "lineterminator": "\n",
        "strict": strict,
    }
    return type("DeclaredDialect", (csv.Dialect,), facts)


def duckdb_rows(
    sources: list[TextSource],
    dialect: Dialect,
    width: int,
    skipped: int,
    max_line: int,
    *,
    has_breaks: bool = False,
) -> str:
    """SQL over DuckDB's CSV reader: `_line`, `_row_reason` (null) and c0…; it fails on any row of another width.

    Several files of the same shape are read one after the other: then `_line` runs on, and `_path` tells the file.
    `has_breaks`: cells hold line breaks, so a row's line is counted from the breaks in all rows before it.
    """
    path, _ = _many(sources)
    line = f"row_number() over () + {skipped}"
    if has_breaks:
        texts = ", ".join(f"c{position}" for position in range(width))
        breaks = f"length(regexp_replace(concat({texts}), '[^\n]+', '', 'g'))"
        line = f"row_number() over () + {skipped} + sum({breaks}) over (rows unbounded preceding) - {breaks}"
    cells = duckdb_cells(sources, dialect, width, skipped, max_line)
    return f"select ({line})::bigint as _line, null::varchar as _row_reason, *{path} from {cells}"


def kept_rows(con: duckdb.DuckDBPyConnection, cells: str, skipped: int) -> str:
    """The same rows as `duckdb_rows`, by way of a temporary table whose row ids number them.

    A row_number over a large file keeps one processor at work; reading into a table and on from it keeps all of them.
    """
    con.execute(f"create or replace temp table kept_cells as select * from {cells}")
    return f"select rowid + 1 + {skipped} as _line, null::varchar as _row_reason, * from kept_cells"


def duckdb_cells(sources: list[TextSource], dialect: Dialect, width: int, skipped: int, max_line: int) -> str:
    """DuckDB's CSV reader as a table function: c0… (and `filename` where sources are several), in the file's order."""
    columns = ", ".join(f"'c{position}': 'varchar'" for position in range(width))
    quote = literal(dialect.quote or "")
    _, option = _many(sources)
    return f"""
        read_csv({_paths(sources)}, columns = {{{columns}}}, header = false, skip = {skipped},
            delim = {literal(dialect.delimiter)}, quote = {quote}, escape = {quote}, auto_detect = false,
            strict_mode = true, max_line_size = {max_line + 2}, compression = '{_compression(sources)}'{option})
    """


def duckdb_lines(sources: list[TextSource], max_line: int) -> str:
    """SQL over the physical lines: `_line` (from 1) and `_raw`, null for a blank line; `_path` where files are several."""
    path, option = _many(sources)
    return f"""
        select row_number() over () as _line, line as _raw{path.replace(" exclude (filename)", "")}
        from read_csv({_paths(sources)}, columns = {{'line': 'varchar'}}, header = false, delim = '\x01',
            quote = '', escape = '', auto_detect = false, strict_mode = true, max_line_size = {max_line + 2},
            compression = '{_compression(sources)}'{option})
    """


def _many(sources: list[TextSource]) -> tuple[str, str]:
    """Select item and reader option that tell several files apart."""
    return ("", "") if len(sources) == 1 else (" exclude (filename), filename as _path", ", filename = true")


def _paths(sources: list[TextSource]) -> str:
    return "[" + ", ".join(literal(str(source.path)) for source in sources) + "]"


def _compression(sources: list[TextSource]) -> str:
    return "gzip" if sources[0].is_gzip else "none"


def write_careful_rows(source: TextSource, dialect: Dialect, width: int, skipped: int, target: Path) -> None:
    """Parse line by line into a work Parquet: `_line`, `_raw`, `_row_reason` and c0…, one row per record.

    Blank lines and footer rows are left out; a row that csv refuses or that is of another width keeps only its text.
    """
    with source.open() as stream:
        for _ in range(skipped):
            stream.readline()
        rows = _careful_records(stream, dialect, width, skipped)
        write_text_rows(target, width, rows)


MALFORMED: list[str] = []  # stands for a row that could not be read; told from an empty one by identity


def _careful_records(
    stream: BinaryIO, dialect: Dialect, width: int, skipped: int
) -> Iterator[tuple[int, str, str | None, list[str]]]:
    taken: list[str] = []
    line_number = skipped

    def lines() -> Iterator[str]:
        nonlocal line_number
        for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n"):
            line_number += 1
            taken.append(line)
            yield line

    csv.field_size_limit(MAX_FIELD)
    rows = csv.reader(lines(), csv_dialect(dialect, strict=True))
    while (fields := next_row(rows)) is not None:
        raw, first = "".join(taken), line_number - len(taken) + 1
        taken.clear()
        if fields is MALFORMED:
            yield first, raw.rstrip("\r\n"), "malformed_row", []
        elif fields and not dialect.is_footer(fields):
            reason = _wrong_width(len(fields), width)
            yield first, raw.rstrip("\r\n"), reason, [] if reason else fields


def next_row(rows: Iterator[list[str]]) -> list[str] | None:
    """The next row, MALFORMED for one that breaks the quoting, None at the end."""
    try:
        return next(rows, None)
    except csv.Error:
        return MALFORMED


def _wrong_width(found: int, width: int) -> str | None:
    if found == width:
        return None
    return "too_few_cells" if found < width else "too_many_cells"


def write_text_rows(
    target: Path, width: int, rows: Iterable[tuple[int, str, str | None, list[str] | list[str | None]]]
) -> None:
    """Write (line, original text, reason, cells) rows to Parquet in batches of bounded size."""
    import pyarrow as pa  # large: only where rows are written
    import pyarrow.parquet as pq

    names = ["_line", "_raw", "_row_reason", *(f"c{position}" for position in range(width))]
    types = [pa.int64(), *[pa.string()] * (width + 2)]
    schema = pa.schema(list(zip(names, types, strict=True)))
    with pq.ParquetWriter(target, schema) as writer:
        batch: list[tuple[object, ...]] = []
        size = 0
        empty: list[None] = [None] * width
        for line, raw, reason, cells in rows:
            batch.append((line, raw, reason, *(cells or empty)))
            size += len(raw)
            if len(batch) >= BATCH_ROWS or size > MAX_FIELD:
                writer.write_table(_table(batch, schema))
                batch, size = [], 0
        if batch:
            writer.write_table(_table(batch, schema))


def _table(batch: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = zip(*batch, strict=True)
    return pa.Table.from_arrays(
        [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )
