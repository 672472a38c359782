"""The store of Dagster's events: what Dagster's own reads of it, and how many files it keeps open."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from cdp_assets.defs.event_store import MOST_OPEN, OpenSqliteEventLogStorage
from cdp_assets.home import prepare_home
from cdp_assets.settings import Settings


@dg.asset
def rows() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"dagster/row_count": 3})


def _instance(settings: Settings) -> dg.DagsterInstance:
    prepare_home(settings)
    return dg.DagsterInstance.from_config(str(settings.dagster_dir))


def test_a_home_keeps_its_events_where_dagster_keeps_them_and_dagster_reads_them(settings: Settings) -> None:
    with _instance(settings) as instance:
        assert isinstance(instance.event_log_storage, OpenSqliteEventLogStorage)
        run = dg.materialize([rows], instance=instance)
        kept = [
            record.event_log_entry.dagster_event_type
            for record in instance.get_records_for_run(run.run_id).records
        ]
    events_dir = settings.dagster_dir / "history" / "runs"
    assert (events_dir / f"{run.run_id}.db").exists()
    theirs = SqliteEventLogStorage(str(events_dir))
    assert [
        record.event_log_entry.dagster_event_type for record in theirs.get_records_for_run(run.run_id).records
    ] == kept
    assert dg.DagsterEventType.ASSET_MATERIALIZATION in kept
    latest = theirs.get_latest_materialization_events([dg.AssetKey("rows")])[dg.AssetKey("rows")]
    assert latest is not None and latest.run_id == run.run_id


def test_only_the_latest_files_stay_open_and_none_after_the_end(tmp_path: Path) -> None:
    store = OpenSqliteEventLogStorage(str(tmp_path))
    runs = [str(uuid4()) for _ in range(MOST_OPEN + 3)]
    for run_id in [*runs, runs[0]]:
        assert store.get_records_for_run(run_id).records == []
    assert len(_open_files(tmp_path)) <= MOST_OPEN
    store.dispose()
    assert _open_files(tmp_path) == set()


def _open_files(folder: Path) -> set[str]:
    """Databases under a folder that this process has open."""
    links = (os.path.realpath(link) for link in Path("/proc/self/fd").iterdir())
    return {link for link in links if link.startswith(str(folder)) and link.endswith(".db")}
