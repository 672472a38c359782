"""Commit state and flip the link; after a kill between the two, finish or forget what was begun."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb

from cdp_assets.publishing import generations
from cdp_assets.publishing.generations import Generation
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

Commit = Callable[[duckdb.DuckDBPyConnection], None]


def publish(
    settings: Settings, generation: Generation, *, run_id: str, as_of_date: date, commits: list[Commit]
) -> None:
    """Commit the run's proposal to state, stamped with the generation, in one transaction; then flip the link."""
    with connect_state(settings) as con:
        con.execute(f"attach {_text(settings.warehouse_path)} as warehouse (read_only)")
        con.begin()
        con.execute(
            "insert into generations values (?, ?, ?, 'committed', now()::timestamp, null)",
            [generation.name, run_id, as_of_date],
        )
        con.executemany(
            "insert into generation_tables values (?, ?, ?, ?, ?)",
            [
                [generation.name, table.file_name, table.table_name, table.row_count, table.fingerprint]
                for table in generation.tables
            ],
        )
        for commit in commits:
            commit(con)
        con.commit()
    finish(settings, generation.name)


def repair(settings: Settings) -> list[str]:
    """After a kill between commit and flip: flip. After a kill before the commit: the files go, state was untouched."""
    with connect_state(settings) as con:
        committed = con.execute(
            "select generation from generations where status = 'committed' order by generation desc limit 1"
        ).fetchone()
        known = {row[0] for row in con.execute("select generation from generations").fetchall()}
    repaired = []
    if committed:
        finish(settings, committed[0])
        repaired.append(f"generation {committed[0]} was committed but not yet visible to readers: now it is")
    for folder in settings.published_dir.glob("g[0-9]*"):
        if folder.name not in known:
            generations.remove_generation(settings, folder.name)
            repaired.append(f"{folder.name} was written by a run that ended before its commit: removed")
    return repaired


def finish(settings: Settings, name: str) -> None:
    """Flip the link to a committed generation, then mark it current and let the oldest go."""
    generations.flip(settings, name)
    with connect_state(settings) as con:
        con.begin()
        con.execute("update generations set status = 'superseded' where status = 'current'")
        con.execute("update generations set status = 'current' where generation = ?", [name])
        kept = [
            row[0]
            for row in con.execute(
                "select generation from generations where status in ('current', 'superseded') order by generation desc"
            ).fetchall()
        ]
        old = kept[settings.keep_generations :]
        con.executemany(
            "update generations set status = 'removed' where generation = ?",
            [[each] for each in old] or [[""]],
        )
        con.commit()
    for each in old:
        generations.remove_generation(settings, each)


def known_generations(settings: Settings) -> list[str]:
    """Every generation that state has heard of."""
    with connect_state(settings, read_only=True) as con:
        return [row[0] for row in con.execute("select generation from generations").fetchall()]


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
