"""Files from which rows were cut: staged before they are kept, kept only when cut, and counted as they were delivered.

The ledger learns of a cut before the file is replaced, so that a kill between the two is seen: the file is then not what the ledger says,
and cutting it again gives those very bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cdp_assets.engine import scratch
from cdp_assets.landing.files import copy_delivered, make_private_dir, original_path, publish
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.parse import CutOut, ParseResult
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


def is_stored(settings: Settings, load: Load) -> bool:
    """Whether a load is read from its kept original, not from the inbox."""
    return load.file.path == original_path(settings.originals_dir, load.sha256)


def stage(load: Load, work_dir: Path) -> Path:
    """Copy an arriving file beside the parser. Raises FileHeld where its bytes are no longer those that were hashed."""
    target = make_private_dir(work_dir) / "arriving"
    copy_delivered(load.file.path, target, load.sha256)
    return target


def keep(settings: Settings, load: Load, staged: Path | None, cut: CutOut | None) -> None:
    """Give a parsed file its place among the originals: as it came, or as it was written again."""
    target = original_path(settings.originals_dir, load.sha256)
    make_private_dir(target.parent)
    if cut is not None:
        _record(settings, load, cut, is_arriving=staged is not None)
        publish(cut.path, target)
    elif staged is not None:
        publish(staged, target)


def _record(settings: Settings, load: Load, cut: CutOut, *, is_arriving: bool) -> None:
    """Enter a cut for every load of these bytes; of a stored file, what was cut before still counts."""
    before = "0" if is_arriving else "coalesce(removed_rows, 0)"
    lines = "[]::bigint[]" if is_arriving else "coalesce(blanked_lines, [])"
    with connect_state(settings) as con:
        con.execute(
            f"""
            update loads set
                stored_sha256 = $stored, removed_rows = {before} + $removed,
                blanked_lines = list_sort(list_distinct({lines} || $lines::bigint[]))
            where delivered_sha256 = $delivered and ({is_arriving} or stored_sha256 <> $stored)
            """,
            {"stored": cut.sha256, "removed": cut.removed, "lines": cut.blanked, "delivered": load.sha256},
        )
        con.execute("insert or ignore into cut_versions values (?, ?)", [load.sha256, cut.sha256])


def as_delivered(
    settings: Settings, results: Sequence[tuple[Load, ParseResult]], folder: Path
) -> list[tuple[Load, ParseResult]]:
    """The results counted over the files as they were delivered: rows that were cut are erased, blank ones anonymised."""
    if not results:
        return []
    channel, export = results[0][0].file.channel, results[0][0].file.export
    with connect_state(settings, read_only=True) as con:
        cut = {
            (name, load_id): (removed, lines)
            for name, load_id, removed, lines in con.execute(
                "select file_name, load_id, coalesce(removed_rows, 0), coalesce(blanked_lines, []) from loads "
                "where channel = ? and export = ? and stored_sha256 <> delivered_sha256",
                [channel, export],
            ).fetchall()
        }
    counted = []
    for load, result in results:
        removed, lines = cut.get((load.file.file_name, load.load_id), (0, []))
        anonymised = _landed_among(folder / f"{load.load_id}.parquet", lines) if lines else 0
        counted.append((load, _counted(result, removed, anonymised)))
    return counted


def _counted(result: ParseResult, removed: int, anonymised: int) -> ParseResult:
    return replace(
        result,
        parsed=result.parsed + removed,
        erased=result.erased + removed,
        landed=result.landed - anonymised,
        anonymised=anonymised,
    )


def _landed_among(parquet: Path, lines: list[int]) -> int:
    with scratch() as con:
        (count,) = con.execute(
            "select count(*) from read_parquet(?) where _line in (select unnest(?::bigint[]))",
            [str(parquet), lines],
        ).fetchall()[0]
    return int(count)
