"""The last step of a run: gates, a written generation, state committed under its stamp, the link flipped."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb

from cdp_assets.publishing import recovery
from cdp_assets.publishing.fingerprint import columns_of, quoted
from cdp_assets.publishing.gates import NotPublished, judge_run
from cdp_assets.publishing.generations import Generation, next_generation_name, write_generation
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings

HISTORY_SCHEMA = "history"


def publish_run(
    settings: Settings,
    record: RunRecord,
    *,
    as_of_date: date,
    expected_assets: Collection[str],
    expected_checks: Collection[str],
    commits: list[recovery.Commit],
) -> Generation:
    """Publish the run's build, or raise NotPublished and leave state and the current generation as they were."""
    refusals = judge_run(record.steps(), expected_assets=expected_assets, expected_checks=expected_checks)
    if refusals:
        raise NotPublished(refusals)
    name = next_generation_name(settings, recovery.known_generations(settings))
    generation = write_generation(settings, name)
    record.set_facts(generation=name)
    recovery.publish(
        settings,
        generation,
        run_id=record.run_id,
        as_of_date=as_of_date,
        commits=[*commits, lambda con: commit_histories(con, as_of_date)],
    )
    return generation


def commit_histories(con: duckdb.DuckDBPyConnection, as_of_date: date) -> None:
    """Keep this run's rows of every table in the warehouse's schema `history`, replacing those of the same date.

    Each has a table of the same name in state, keyed by `as_of_date` among others; a second run of one date counts once.
    """
    names = con.execute(
        "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = ? order by 1",
        [HISTORY_SCHEMA],
    ).fetchall()
    for (name,) in names:
        columns = ", ".join(
            quoted(column) for column, _ in columns_of(con, "warehouse", HISTORY_SCHEMA, name)
        )
        con.execute(f"delete from {quoted(name)} where as_of_date = ?", [as_of_date])
        con.execute(
            f"insert into {quoted(name)} ({columns}) select {columns} from warehouse.{quoted(HISTORY_SCHEMA, name)}"
        )
