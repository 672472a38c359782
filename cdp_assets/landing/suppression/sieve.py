"""A file before it is parsed: the rows of people who asked to be forgotten are cut out of it, and of rows that bear money the person.

It runs where parsing runs, behind the same limits. Where the rewritten file goes, and what the ledger says of it, is `load`'s part.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import duckdb

from cdp_assets.landing.contract import Export
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.parse import CutOut, ParseResult, careful_rows, parse_file, plain_rows, write_empty
from cdp_assets.landing.readers.header import ColumnMap
from cdp_assets.landing.readers.inspection import Inspected, Rows, inspect_file
from cdp_assets.landing.suppression.matches import RAW_FORMATS, Matches, find_rows, person_columns
from cdp_assets.landing.suppression.rewritten_files import EVERYTHING_ELSE, Cut, rewrite


def parse_sieved(con: duckdb.DuckDBPyConnection, file: Inspected) -> ParseResult:
    """Parse a file without the rows of suppressed people; its result says what was cut. Raises FileHeld."""
    if not file.job.has_suppressed:
        return parse_file(con, file)
    kept, cut = cut_out(con, file)
    if kept is None:
        write_empty(con, file.job.export, file.job.parquet)
        file.job.quarantine.unlink(missing_ok=True)
        return ParseResult(parsed=0, landed=0, cut=cut)
    return replace(parse_file(con, kept), cut=cut)


def cut_out(con: duckdb.DuckDBPyConnection, file: Inspected) -> tuple[Inspected | None, CutOut | None]:
    """The file to parse, and what was cut; the file itself and None where nobody in it is suppressed.

    The first is None where no row is left.
    """
    matches, columns = _matched(con, file)
    if not matches.lines:
        return file, None
    job = file.job
    target = job.work_dir / "rewritten"
    paths, cut = _cut(
        job.export, columns, matches, _held(con, file), has_paths=job.dialect.format in RAW_FORMATS
    )
    rewrite(job.original, target, job.dialect, cut, skipped=file.skipped, paths=paths)
    removed = sum(cells is None for cells in cut.values())
    anonymised = sorted(
        line for line, cells in cut.items() if cells is not None and line not in matches.quoting
    )
    found = CutOut(target, hash_file(target), removed, anonymised)
    if removed == file.parsed:
        return None, found
    return inspect_file(replace(job, original=target)), found


def _held(con: duckdb.DuckDBPyConnection, file: Inspected) -> dict[int, set[str]]:
    """Line → columns whose value stays in it, because the row's person has a hold on them."""
    held: dict[int, set[str]] = {}
    if not file.job.holds:
        return held
    con.execute("create or replace temp table everybody as select * from suppressed")
    try:
        for column, pseudonyms in file.job.holds:
            con.execute(
                "create or replace temp table suppressed as select unnest(?::varchar[]) as pseudonym",
                [list(pseudonyms)],
            )
            for line in _matched(con, file)[0].lines:
                held.setdefault(line, set()).add(column)
    finally:
        con.execute(
            "create or replace temp table suppressed as select * from everybody; drop table everybody"
        )
    return held


def _matched(con: duckdb.DuckDBPyConnection, file: Inspected) -> tuple[Matches, ColumnMap]:
    if file.is_plain:
        try:
            rows = plain_rows(con, file)
            return _find(con, file, rows), rows.columns
        except duckdb.Error:
            pass  # an odd row: the careful reader takes it apart
    rows = careful_rows(con, file)
    return _find(con, file, rows), rows.columns


def _find(con: duckdb.DuckDBPyConnection, file: Inspected, rows: Rows) -> Matches:
    try:
        return find_rows(con, file, rows, file.job.phone_region, file.job.suppressed_kinds)
    finally:
        con.execute("drop table if exists kept_cells")


def _cut(
    export: Export, columns: ColumnMap, matches: Matches, held: dict[int, set[str]], *, has_paths: bool
) -> tuple[list[str], Cut]:
    """What to cut of each row that is hers, and for JSON the paths of the cells; what is on hold stays."""
    if export.facts.on_erasure == "remove" and not matches.quoting:
        return [], dict.fromkeys(matches.lines)
    blank = _blank(export, matches, held, has_paths=has_paths)
    if has_paths:
        owners = [(column.name, path) for column in export.properties for path in column.headers]
        paths = [*(path for _, path in owners), EVERYTHING_ELSE]
        cut = {
            line: (
                *_positions_of(owners, names),
                *([len(owners)] if line not in matches.keeping_buyer else []),
            )
            for line, names in blank.items()
        }
    else:
        paths = []
        cut = {
            line: _positions(
                columns, names, has_extras=line not in matches.keeping_buyer and line not in matches.quoting
            )
            for line, names in blank.items()
        }
    whole = set(matches.lines) - matches.quoting.keys() if export.facts.on_erasure == "remove" else set()
    return paths, {**cut, **dict.fromkeys(matches.unreadable | whole)}


def _positions_of(owners: Sequence[tuple[str, str]], names: Collection[str]) -> tuple[int, ...]:
    return tuple(at for at, (name, _) in enumerate(owners) if name in names)


def _blank(
    export: Export, matches: Matches, held: dict[int, set[str]], *, has_paths: bool
) -> dict[int, list[str]]:
    """Line → the columns that lose their cell."""
    names = [column.name for column in person_columns(export)]
    in_part = matches.of_others | matches.keeping_recipient | matches.keeping_buyer | held.keys()
    staying = {
        line: _staying(export, names, matches, line, has_paths=has_paths) | held.get(line, set())
        for line in in_part
    }
    blank = {
        line: [*(name for name in names if name not in staying.get(line, ())), *matches.cells.get(line, ())]
        for line in matches.lines
    }
    return blank | {line: sorted(quoting) for line, quoting in matches.quoting.items()}


def _staying(export: Export, names: list[str], matches: Matches, line: int, *, has_paths: bool) -> set[str]:
    """The columns of a row that is hers in part: the key of another, or the cells of its recipient or of its buyer."""
    recipients = set(export.facts.recipient.columns) if export.facts.recipient else set()
    stays: set[str] = set()
    if line in matches.of_others and not has_paths:
        stays |= {name for key in export.facts.natural_keys for name in [*key.columns, *key.fallback]}
    if line in matches.keeping_recipient:
        stays |= recipients
    if line in matches.keeping_buyer:
        stays |= set(names) - recipients
    return stays


def _positions(columns: ColumnMap, names: Collection[str], *, has_extras: bool) -> tuple[int, ...]:
    """Where the named columns stand, and those that the contract does not know."""
    found = {position for name in names for position in columns.positions.get(name, [])}
    return tuple(sorted(found | set(columns.extras.values() if has_extras else [])))
