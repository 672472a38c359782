"""One delivered file to one Parquet file and its quarantine: the set-based heart of landing.

A job is plain data in and counts out, so that it runs here or in a child process alike. The ledger is not its business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.keys import register_pseudonym
from cdp_assets.landing import counting, delimited, json_rows
from cdp_assets.landing.casting import sql_text
from cdp_assets.landing.contract import Dialect, Export
from cdp_assets.landing.files import replacing
from cdp_assets.landing.header import ColumnMap, map_header
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.judging import Origin, judged_rows, landed_columns, quarantine_columns
from cdp_assets.landing.measuring import Measured, measure
from cdp_assets.landing.text import TextSource, prepare_text


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


@dataclass(frozen=True)
class QuarantineReason:
    """How many rows of a file broke one rule, and where the first one is."""

    reason_code: str
    column_name: str | None
    rows: int
    first_line: int


@dataclass(frozen=True)
class ParseResult:
    """Counts of one file; parsed = landed + quarantined + duplicates + erased."""

    parsed: int
    landed: int
    quarantined: int = 0
    duplicates: int = 0
    erased: int = 0
    future: int = 0
    ambiguous: int = 0
    newest_version: str = ""
    extra_columns: list[str] = field(default_factory=list)
    reasons: list[QuarantineReason] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """Rows as text: SQL with `_line`, `_row_reason`, c0…; `has_raw`: it also yields `_raw`."""

    sql: str
    columns: ColumnMap
    has_raw: bool
    lines: str | None = None  # SQL of the physical lines, where has_raw is false and no cell holds a line break


def open_parser(
    folders: list[Path], memory_limit: str, threads: int, key: bytes, suppressed: list[str]
) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that can touch the given folders and nothing else, with the pseudonym macro.

    The settings are locked; `suppressed` holds the pseudonyms whose rows must not land.
    """
    con = duckdb.connect(config={"memory_limit": memory_limit, "threads": threads})
    for statement in (
        "set TimeZone = 'UTC'",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        f"set temp_directory = {sql_text(str(folders[0] / 'spill'))}",
        "set allowed_directories = [" + ", ".join(sql_text(str(folder)) for folder in folders) + "]",
        "set enable_external_access = false",
    ):
        con.execute(statement)
    register_pseudonym(con, key)
    con.execute("create temp table suppressed (pseudonym varchar)")
    if suppressed:
        con.execute("insert into suppressed select unnest(?)", [suppressed])
    con.execute("set lock_configuration = true")
    return con


def _origin(job: ParseJob) -> Origin:
    return Origin(job.load_id, job.file_name, job.period, job.part)


@dataclass(frozen=True)
class Inspected:
    """A file whose bytes, encoding, header and size are good: how it is read, and how many rows it must give.

    `columns` is None for JSON, whose keys are found with the rows. `is_plain`: DuckDB may read it as it is;
    `has_breaks`: cells hold line breaks.
    """

    job: ParseJob
    source: TextSource
    columns: ColumnMap | None
    skipped: int
    parsed: int
    is_plain: bool
    has_breaks: bool


def inspect_file(job: ParseJob) -> Inspected:
    """Check a file before parsing: limits, encoding, header, and the independent row count. Raises FileHeld."""
    facts, dialect = job.export.facts, job.dialect
    limit = facts.max_line_bytes
    source = prepare_text(job.original, dialect.encoding, facts.max_expansion, job.work_dir)
    with source.open() as stream:
        if dialect.format == "ndjson":
            columns, skipped = None, 0
            count = counting.count_records(stream, "\n", None, [], limit, skipped)
        else:
            header, header_line, skipped = delimited.read_header(stream, dialect, limit)
            columns = map_header(job.export, dialect, header, header_line)
            count = counting.count_records(
                stream, dialect.delimiter, dialect.quote, dialect.footer_prefixes, limit, skipped
            )
    is_plain = (
        count.is_regular
        and count.blank_lines == 0
        and not dialect.footer_prefixes
        and (columns is None or columns.width > 1)
    )
    has_breaks = count.lines - skipped != count.records
    return Inspected(job, source, columns, skipped, _check_count(count, job), is_plain, has_breaks)


def parse_file(con: duckdb.DuckDBPyConnection, file: Inspected) -> ParseResult:
    """Parse one file into its Parquet and quarantine, each complete or absent. Raises FileHeld; nothing is left then."""
    try:
        if file.is_plain:
            try:
                return _write(con, file.job, _plain_rows(con, file), file.parsed)
            except (duckdb.Error, _CountsDiffer):
                pass  # an odd row: the careful reader says which
        return _write(con, file.job, _careful_rows(con, file), file.parsed)
    except _CountsDiffer as error:
        raise FileHeld(
            "row_count_mismatch",
            f"two independent counts of its rows differ: {error}",
            "look for an unclosed quote or a wrong delimiter; correct the file or the contract",
        ) from None
    except duckdb.Error as error:
        # DuckDB quotes the data in its messages: only the kind of error may leave this module.
        raise FileHeld(
            "parser_failed",
            f"the parser stopped ({type(error).__name__}) although the file passed the checks",
            "run `onefold channel check` on it; if it repeats, this is a bug of landing: report the kind of error",
        ) from None


def _plain_rows(con: duckdb.DuckDBPyConnection, file: Inspected) -> Rows:
    job, limit = file.job, file.job.export.facts.max_line_bytes
    lines = None if file.has_breaks else delimited.duckdb_lines([file.source], limit)
    if file.columns is None:
        return json_relation(con, job.export, lines or "")
    sql = delimited.duckdb_rows([file.source], job.dialect, file.columns.width, file.skipped, limit, has_breaks=file.has_breaks)
    return Rows(sql, file.columns, False, lines)


def _careful_rows(con: duckdb.DuckDBPyConnection, file: Inspected) -> Rows:
    target = file.job.work_dir / "rows.parquet"
    found = f"from read_parquet({sql_text(str(target))})"
    if file.columns is None:
        delimited.write_text_rows(target, 1, json_rows.line_rows(file.source))
        return json_relation(con, file.job.export, f"select _line, _raw {found}")
    delimited.write_careful_rows(file.source, file.job.dialect, file.columns.width, file.skipped, target)
    return Rows(f"select * {found}", file.columns, True)


def json_relation(con: duckdb.DuckDBPyConnection, export: Export, lines: str) -> Rows:
    """Rows of JSON records; their keys are found first, in the relation `lines` itself."""
    keys = json_rows.seen_keys(con, lines)
    columns = json_rows.map_keys(export, keys)
    return Rows(json_rows.json_rows(export, keys, columns, lines), columns, True)


def _check_count(count: counting.TextCount, job: ParseJob) -> int:
    if job.dialect.final_newline and count.lines and not count.ends_with_newline:
        raise FileHeld(
            "truncated",
            f"line {count.lines}, the last one, has no newline although the exporter always writes one",
            "ask for the file to be sent again; if it is whole, set finalNewline to false in the contract",
        )
    parsed = count.records - count.footer_records
    if parsed == 0:
        raise FileHeld(
            "header_only",
            "it has no data rows",
            "if an empty delivery is right, delete the file; else ask for it again",
        )
    return parsed


class _CountsDiffer(Exception):
    """The reader found another number of rows than the independent count."""


def _write(con: duckdb.DuckDBPyConnection, job: ParseJob, rows: Rows, parsed: int) -> ParseResult:
    """Write landed rows, then, only if rows are missing from them, count and write the others."""
    judged = judged_rows(
        job.channel,
        job.export,
        rows.columns,
        rows.sql,
        has_raw=rows.has_raw,
        has_suppressed=job.has_suppressed,
    )
    landed_sql = f"with {judged} select {landed_columns(job.export, list(rows.columns.extras), _origin(job))} from ranked where _fate = 'landed'"
    with replacing(job.parquet) as temporary:
        landed = int(
            con.execute(f"copy ({landed_sql}) to {sql_text(str(temporary))} (format parquet)").fetchall()[0][
                0
            ]
        )
        fates = {"landed": landed}
        reasons: list[QuarantineReason] = []
        if landed != parsed:
            if not (rows.has_raw or rows.lines):
                raise _CountsDiffer("rows whose own text is needed")
            fates = dict(
                con.execute(f"with {judged} select _fate, count(*) from ranked group by all").fetchall()
            )
            if sum(fates.values()) != parsed:
                raise _CountsDiffer(f"{parsed:,} and {sum(fates.values()):,}")
            reasons = _write_quarantine(con, job, rows, judged, fates.get("quarantined", 0))
        measured = measure(con, job.export, [temporary], job.as_of_date).get(job.load_id, Measured())
    return ParseResult(
        parsed=parsed,
        landed=landed,
        quarantined=fates.get("quarantined", 0),
        duplicates=fates.get("duplicate", 0),
        erased=fates.get("erased", 0),
        future=measured.future,
        ambiguous=measured.ambiguous,
        newest_version=measured.newest_version,
        extra_columns=list(rows.columns.extras),
        reasons=reasons,
    )


def _write_quarantine(
    con: duckdb.DuckDBPyConnection, job: ParseJob, rows: Rows, judged: str, expected: int
) -> list[QuarantineReason]:
    """Quarantined rows with their original text, and their summary by reason; an earlier quarantine is replaced."""
    if not expected:
        job.quarantine.unlink(missing_ok=True)
        return []
    joined = "" if rows.has_raw else f"left join ({rows.lines}) as physical using (_line)"
    sql = f"with {judged} select {quarantine_columns(_origin(job))} from ranked {joined} where _fate = 'quarantined' order by line"
    with replacing(job.quarantine) as temporary:
        con.execute(f"copy ({sql}) to {sql_text(str(temporary))} (format parquet)")
        found = con.execute(
            "select reason_code, column_name, count(*), min(line) from read_parquet(?) group by all order by all",
            [str(temporary)],
        ).fetchall()
    return [QuarantineReason(*row) for row in found]
