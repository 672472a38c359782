"""The checks before parsing: limits, encoding, header and an independent row count, per format.

What comes out says how the file is read and how many rows it must give; DuckDB is not used here. Each format's reader, and
the libraries that it needs, is imported when a file of that format is checked: a child that refuses a file starts in half the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.landing.contract import Dialect, Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.header import ColumnMap, map_header
from cdp_assets.landing.readers.text import TextSource, check_parquet_ends, check_unpacked, prepare_text
from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    from cdp_assets.landing.readers.row_counts import TextCount


@dataclass(frozen=True)
class ParseJob:
    """Everything that parsing one file needs."""

    channel: str
    export: Export
    dialect: Dialect
    original: Path
    load_id: str
    file_name: str
    period: str | None
    part: str | None
    parquet: Path
    quarantine: Path
    work_dir: Path
    as_of_date: date | None
    has_suppressed: bool
    phone_region: str | None = None
    suppressed_kinds: frozenset[str] = frozenset()
    holds: tuple[tuple[str, tuple[str, ...]], ...] = ()  # column that stays → keyed hashes of whose


@dataclass(frozen=True)
class Rows:
    """Rows as text: SQL with `_line`, `_row_reason`, c0…; `has_raw`: it also yields `_raw`."""

    sql: str
    columns: ColumnMap
    has_raw: bool
    lines: str | None = (
        None  # SQL of the physical lines, where has_raw is false and no cell holds a line break
    )


@dataclass(frozen=True)
class Inspected:
    """A file whose bytes, encoding, header and size are good: how it is read, and how many rows it must give.

    `columns` is None for JSON, whose keys are found with the rows. `is_plain`: DuckDB may read the text as it is;
    `has_breaks`: cells hold line breaks. A file that is no text comes with its `rows` or `lines` (SQL) prepared.
    """

    job: ParseJob
    parsed: int
    source: TextSource | None = None
    columns: ColumnMap | None = None
    skipped: int = 0
    is_plain: bool = False
    has_breaks: bool = False
    rows: Rows | None = None
    lines: str | None = None

    @property
    def text(self) -> TextSource:
        """The file as text; only for formats that are text."""
        assert self.source is not None
        return self.source


def check_outside(job: ParseJob) -> None:
    """What a few bytes at a file's ends or a zip's directory tell, before any child is started. Raises FileHeld."""
    check_unpacked(job.original, job.export.facts.max_expansion)
    if job.dialect.format == "xlsx":
        from cdp_assets.landing.readers.xlsx_rows import check_package

        check_package(job.original, job.export.facts.max_expansion)
    elif job.dialect.format == "parquet":
        check_parquet_ends(job.original)


def inspect_file(job: ParseJob) -> Inspected:
    """Check a file before parsing: limits, encoding, header, and the independent row count. Raises FileHeld."""
    by_format = {
        "xlsx": _inspect_xlsx,
        "parquet": _inspect_parquet,
        "json": _inspect_json,
        "ndjson": _inspect_ndjson,
    }
    inspected = by_format.get(job.dialect.format, _inspect_delimited)(job)
    if inspected.parsed == 0:
        raise FileHeld(
            "header_only",
            "it has no data rows",
            "if an empty delivery is right, delete the file; else ask for it again",
        )
    return inspected


def _source(job: ParseJob) -> TextSource:
    return prepare_text(job.original, job.dialect.encoding, job.export.facts.max_expansion, job.work_dir)


def _inspect_delimited(job: ParseJob) -> Inspected:
    from cdp_assets.landing.readers import delimited, row_counts

    dialect, limit, source = job.dialect, job.export.facts.max_line_bytes, _source(job)
    with source.open() as stream:
        header, header_line, skipped = delimited.read_header(stream, dialect, limit)
        columns = map_header(job.export, dialect, [*header, *[""] * dialect.unnamed_columns], header_line)
        count = row_counts.count_records(
            stream,
            dialect.delimiter,
            dialect.quote,
            dialect.footer_prefixes,
            limit,
            skipped,
            dialect.footer_patterns,
        )
    is_plain = count.is_regular and not count.blank_lines and not dialect.has_footers and columns.width > 1
    has_breaks = count.lines - skipped != count.records
    return Inspected(job, _rows_in(count, job), source, columns, skipped, is_plain, has_breaks)


def _inspect_ndjson(job: ParseJob) -> Inspected:
    from cdp_assets.landing.readers import row_counts

    source = _source(job)
    with source.open() as stream:
        count = row_counts.count_records(stream, "\n", None, [], job.export.facts.max_line_bytes, 0)
    is_plain = count.is_regular and not count.blank_lines
    return Inspected(job, _rows_in(count, job), source, is_plain=is_plain)


def _inspect_xlsx(job: ParseJob) -> Inspected:
    from cdp_assets.landing.readers import delimited, xlsx_rows

    target = job.work_dir / "rows.parquet"
    sheet = xlsx_rows.read_sheet(job.original, job.export, job.dialect)
    delimited.write_text_rows(target, sheet.columns.width, sheet.rows)
    rows = Rows(f"select * from read_parquet({literal(str(target))})", sheet.columns, True)
    return Inspected(job, sheet.parsed, columns=sheet.columns, rows=rows)


def _inspect_parquet(job: ParseJob) -> Inspected:
    from cdp_assets.landing.readers import parquet_rows

    columns, parsed, sql = parquet_rows.inspect_parquet(job.original, job.export, job.dialect)
    return Inspected(job, parsed, columns=columns, rows=Rows(sql, columns, True))


def _inspect_json(job: ParseJob) -> Inspected:
    from cdp_assets.landing.readers import delimited, json_documents

    target = job.work_dir / "rows.parquet"
    parsed, records = json_documents.read_document(_source(job), job.dialect.records_path)
    delimited.write_text_rows(target, 1, records)
    return Inspected(job, parsed, lines=f"select _line, _raw from read_parquet({literal(str(target))})")


def _rows_in(count: TextCount, job: ParseJob) -> int:
    if job.dialect.final_newline and count.lines and not count.ends_with_newline:
        raise FileHeld(
            "truncated",
            f"line {count.lines}, the last one, has no newline although the exporter always writes one",
            "ask for the file to be sent again; if it is whole, set finalNewline to false in the contract",
        )
    return count.records - count.footer_records
