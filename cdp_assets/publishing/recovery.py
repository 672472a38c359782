"""Commit state under a generation's stamp and make readers see what state says; repair what a kill left between.

State is the truth: the one generation whose status is `current` is what readers must see, and the link follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb

from cdp_assets.engine import is_locked
from cdp_assets.publishing import generations
from cdp_assets.publishing.copies import Reached, text
from cdp_assets.publishing.damage import NOTICE, fall_back, remember_files
from cdp_assets.publishing.generations import Generation
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

Commit = Callable[[duckdb.DuckDBPyConnection, str], None]
"""Writes a room's proposal to state: (connection to state with the build attached as `warehouse`, generation).

It runs inside the one transaction that publishes; whatever it raises undoes all of it.
"""


def publish(
    settings: Settings,
    generation: Generation,
    *,
    run_id: str,
    as_of_date: date,
    commits: list[Commit],
    reached: Reached = lambda _: None,
) -> None:
    """Commit the run's proposal to state, stamped with the generation, in one transaction; then flip the link."""
    with connect_state(settings) as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.begin()
        _enter(con, settings, generation, run_id, as_of_date)
        for commit in commits:
            commit(con, generation.name)
        remember_files(con, settings, generation.name)
        reached("publish/state written")
        con.commit()
        reached("publish/state committed")
    show(settings, generation.name, reached)
    (settings.published_dir / NOTICE).unlink(missing_ok=True)


def show(settings: Settings, name: str, reached: Reached = lambda _: None) -> None:
    """Let readers see what state already calls current, then delete the generations that state calls removed."""
    generations.flip(settings, name)
    reached("publish/link flipped")
    for each, status in statuses(settings).items():
        if status == "removed":
            generations.remove_generation(settings, each)
    reached("publish/old generations removed")


def repair(settings: Settings) -> list[str]:
    """Finish what a killed run had committed, forget what it had not; returns what was done, in words.

    After a kill between commit and flip: flip. After a kill before the commit: the files go, state was untouched. What was damaged on the
    disk since gives way to what is whole.
    """
    repaired = [*_remove_orphaned_log(settings), *_set_warehouse_aside(settings)]
    generations.remove_leftovers(settings)
    repaired += _mend_current(settings)
    known = statuses(settings)
    for folder in sorted(settings.published_dir.glob("g[0-9]*")):
        is_known = known.get(folder.name, "removed") != "removed"
        if not is_known and folder.name != generations.current_generation(settings):
            generations.remove_generation(settings, folder.name)
            repaired.append(f"{folder.name} is in no committed generation: removed")
    return repaired


def _mend_current(settings: Settings) -> list[str]:
    """What readers open is there, whole, and what state says."""
    current = _current(settings)
    if current and not (settings.published_dir / current).is_dir():
        _forget(settings, current)
        return [f"the files of generation {current} are gone: the next run publishes a new one"]
    said = fall_back(settings)
    current = _current(settings)
    if current is None or (
        generations.are_links_whole(settings) and current == generations.current_generation(settings)
    ):
        return said
    show(settings, current)
    return said or [f"readers did not see generation {current}, which state calls current: now they do"]


def _current(settings: Settings) -> str | None:
    return next((name for name, status in statuses(settings).items() if status == "current"), None)


def known_generations(settings: Settings) -> list[str]:
    """Every generation that state has heard of."""
    return list(statuses(settings))


def _enter(
    con: duckdb.DuckDBPyConnection, settings: Settings, generation: Generation, run_id: str, as_of_date: date
) -> None:
    """The generation's rows in state: it is current, its forerunner superseded, and the oldest are to be removed."""
    con.execute("update generations set status = 'superseded' where status = 'current'")
    con.execute(
        "insert into generations values (?, ?, ?, 'current', now()::timestamp, null)",
        [generation.name, run_id, as_of_date],
    )
    if generation.tables:
        con.executemany(
            "insert into generation_tables (generation, file_name, table_name, row_count, fingerprint, made_of) values (?, ?, ?, ?, ?, ?)",
            [
                [
                    generation.name,
                    table.file_name,
                    table.table_name,
                    table.row_count,
                    table.fingerprint,
                    table.made_of,
                ]
                for table in generation.tables
            ],
        )
    con.execute(
        "update generations set status = 'removed' where status in ('superseded', 'withdrawn', 'damaged') and generation not in "
        "(select generation from generations where status in ('current', 'superseded') "
        "order by generation desc limit ?)",
        [settings.keep_generations],
    )


def _remove_orphaned_log(settings: Settings) -> list[str]:
    """A log whose warehouse was deleted would be applied to the next warehouse of that name."""
    log = settings.warehouse_path.with_name(settings.warehouse_path.name + ".wal")
    if settings.warehouse_path.exists() or not log.exists():
        return []
    log.unlink()
    return [f"{log.name} belonged to a warehouse that is gone: removed"]


def _set_warehouse_aside(settings: Settings) -> list[str]:
    """A warehouse that cannot be opened (damaged, foreign, with a damaged log) makes place: the run builds another one."""
    path = settings.warehouse_path
    if not path.exists():
        return []
    try:
        duckdb.connect(str(path)).close()
        return []
    except duckdb.Error as error:
        if is_locked(error):
            return []  # somebody reads it; the run will say so
    aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
    path.replace(aside)
    log = path.with_name(path.name + ".wal")
    if log.exists():
        log.replace(aside.with_name(aside.name + ".wal"))
    return [
        f"{path.name} cannot be opened: it is set aside as {aside.name} (delete it), and this run builds another"
    ]


def _forget(settings: Settings, name: str) -> None:
    with connect_state(settings) as con:
        con.execute("update generations set status = 'removed' where generation = ?", [name])
    link = settings.published_dir / "current"
    if link.is_symlink() and not link.exists():
        link.unlink()


def statuses(settings: Settings) -> dict[str, str]:
    """Generation → its status in state."""
    with connect_state(settings, read_only=True) as con:
        return dict(con.execute("select generation, status from generations").fetchall())
