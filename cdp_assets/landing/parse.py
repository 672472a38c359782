"""One delivered file to one Parquet file and its quarantine: the set-based heart of landing.

A job is plain data in and counts out, so that it runs here or in a child process alike. The ledger is not its business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets.keys import register_pseudonym
from cdp_assets.landing.contract import Export
from cdp_assets.landing.files import replacing
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers import delimited, json_rows
from cdp_assets.landing.readers.inspection import Inspected, ParseJob, Rows
from cdp_assets.landing.typed.measures import Measured, measure
from cdp_assets.landing.typed.verdicts import Origin, judged_rows, landed_columns, quarantine_columns
from cdp_assets.sql_text import literal

# Sizes of text between which a file's cells are kept in a table while they are parsed.
KEPT_BYTES = (16 << 20, 2 << 30)


@dataclass(frozen=True)
class QuarantineReason:
    """How many rows of a file broke one rule, and where the first one is."""

    reason_code: str
    column_name: str | None
    rows: int
    first_line: int


@dataclass(frozen=True)
class CutOut:
    """A file that was written again: where, its hash, how many rows went, and the lines whose personal cells are blank."""

    path: Path
    sha256: str
    removed: int
    blanked: list[int]


@dataclass(frozen=True)
class ParseResult:
    """Counts of one file; parsed = landed + quarantined + duplicates + erased + anonymised.

    `cut`: what was taken out of the file before it was parsed, because its people asked to be forgotten.
    """

    parsed: int
    landed: int
    quarantined: int = 0
    duplicates: int = 0
    erased: int = 0
    anonymised: int = 0
    future: int = 0
    ambiguous: int = 0
    newest_version: str = ""
    extra_columns: list[str] = field(default_factory=list)
    reasons: list[QuarantineReason] = field(default_factory=list)
    cut: CutOut | None = None


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
        # It would cast each cell twice, for the filter on its fate and for itself: a sixth of a large file's processor time.
        "set disabled_optimizers = 'filter_pushdown'",
        f"set temp_directory = {literal(str(folders[0] / 'spill'))}",
        "set allowed_directories = [" + ", ".join(literal(str(folder)) for folder in folders) + "]",
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


def parse_file(con: duckdb.DuckDBPyConnection, file: Inspected) -> ParseResult:
    """Parse one file into its Parquet and quarantine, each complete or absent. Raises FileHeld; nothing is left then."""
    try:
        if file.is_plain:
            try:
                return _write(con, file.job, plain_rows(con, file), file.parsed)
            except (duckdb.Error, _CountsDiffer):
                pass  # an odd row: the careful reader says which
        return _write(con, file.job, careful_rows(con, file), file.parsed)
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
    finally:
        con.execute("drop table if exists kept_cells; drop table if exists refused")


def plain_rows(con: duckdb.DuckDBPyConnection, file: Inspected) -> Rows:
    job, limit = file.job, file.job.export.facts.max_line_bytes
    if file.columns is None:
        return json_relation(con, job.export, delimited.duckdb_lines([file.text], limit))
    lines = None if file.has_breaks else delimited.duckdb_lines([file.text], limit)
    shape = ([file.text], job.dialect, file.columns.width, file.skipped, limit)
    if not file.has_breaks and KEPT_BYTES[0] < file.text.path.stat().st_size < KEPT_BYTES[1]:
        sql = delimited.kept_rows(con, delimited.duckdb_cells(*shape), file.skipped)
    else:
        sql = delimited.duckdb_rows(*shape, has_breaks=file.has_breaks)
    return Rows(sql, file.columns, False, lines)


def careful_rows(con: duckdb.DuckDBPyConnection, file: Inspected) -> Rows:
    if file.rows:
        return file.rows
    target = file.job.work_dir / "rows.parquet"
    found = f"from read_parquet({literal(str(target))})"
    if file.columns is None:
        if file.lines is None:
            delimited.write_text_rows(target, 1, json_rows.line_rows(file.text))
        return json_relation(con, file.job.export, file.lines or f"select _line, _raw {found}")
    delimited.write_careful_rows(file.text, file.job.dialect, file.columns.width, file.skipped, target)
    return Rows(f"select * {found}", file.columns, True)


def json_relation(con: duckdb.DuckDBPyConnection, export: Export, lines: str) -> Rows:
    """Rows of JSON records; their keys are found first, in the relation `lines` itself."""
    keys = json_rows.seen_keys(con, lines)
    columns = json_rows.map_keys(export, keys)
    return Rows(json_rows.json_rows(export, keys, columns, lines), columns, True)


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
    selected = landed_columns(job.export, list(rows.columns.extras), _origin(job))
    landed_sql = f"with {judged} select {selected} from ranked where _fate = 'landed'"
    with replacing(job.parquet) as temporary:
        landed = int(
            con.execute(f"copy ({landed_sql}) to {literal(str(temporary))} (format parquet)").fetchall()[0][0]
        )
        fates = {"landed": landed}
        if landed != parsed:
            if not (rows.has_raw or rows.lines):
                raise _CountsDiffer("rows whose own text is needed")
            kept = "_line, _reason, _fate" + (", _raw" if rows.has_raw else "")
            con.execute(
                f"create or replace temp table refused as with {judged} select {kept} from ranked where _fate <> 'landed'"
            )
            fates |= dict(con.execute("select _fate, count(*) from refused group by all").fetchall())
            if sum(fates.values()) != parsed:
                raise _CountsDiffer(f"{parsed:,} and {sum(fates.values()):,}")
        reasons = _write_quarantine(con, job, rows, fates.get("quarantined", 0))
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


def write_empty(con: duckdb.DuckDBPyConnection, export: Export, target: Path) -> None:
    """An export's typed Parquet without a row."""
    types = [f'null::{column.sql_type} as "{column.name}"' for column in export.properties]
    types += [f"null::varchar as _key_{key.name}" for key in export.facts.natural_keys]
    types.append("null::bigint as _line")
    columns = landed_columns(export, [], Origin("", "", None, None))
    with replacing(target) as temporary:
        con.execute(
            f"copy (select {columns} from (select {', '.join(types)}) where false) to {literal(str(temporary))} (format parquet)"
        )


def _write_quarantine(
    con: duckdb.DuckDBPyConnection, job: ParseJob, rows: Rows, expected: int
) -> list[QuarantineReason]:
    """Quarantined rows of table refused with their original text, and their summary by reason; an earlier quarantine is replaced."""
    if not expected:
        job.quarantine.unlink(missing_ok=True)
        return []
    joined = "" if rows.has_raw else f"left join ({rows.lines}) as physical using (_line)"
    sql = f"select {quarantine_columns(_origin(job))} from refused {joined} where _fate = 'quarantined' order by line"
    with replacing(job.quarantine) as temporary:
        con.execute(f"copy ({sql}) to {literal(str(temporary))} (format parquet)")
        found = con.execute(
            "select reason_code, column_name, count(*), min(line) from read_parquet(?) group by all order by all",
            [str(temporary)],
        ).fetchall()
    return [QuarantineReason(*row) for row in found]
