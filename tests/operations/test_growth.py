"""What runs leave behind goes after a while, and nothing else does."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from cdp_assets import audit
from cdp_assets.commands.doctor import _last_run
from cdp_assets.defs.history import prune_history
from cdp_assets.home import prepare_home
from cdp_assets.operations.growth import prune
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings


def _run(settings: Settings, number: int, **facts: object) -> None:
    """The record and log of a run of day `number`."""
    record = RunRecord(settings, f"run-{number}")
    record.asset("landing/inbox")
    if facts:
        record.set_facts(**facts)
    for path in (*record.folder.iterdir(), settings.logs_dir / f"run-{number}.log", record.folder):
        os.utime(path, (number * 86400, number * 86400))


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_newest_runs_keep_their_record_and_log(settings: Settings) -> None:
    settings = settings.model_copy(update={"keep_runs": 2})
    for number in (3, 1, 4, 2):
        _run(settings, number)
    assert prune(settings) == 4
    assert _files(settings.runs_dir) == ["run-3/steps.jsonl", "run-4/steps.jsonl"]
    assert _files(settings.logs_dir) == ["run-3.log", "run-4.log"]
    assert prune(settings) == 0


def test_facts_that_hold_the_head_of_the_audit_log_stay(settings: Settings) -> None:
    settings = settings.model_copy(update={"keep_runs": 1})
    audit.append(settings, "ann", "search")
    _run(settings, 1, audit_head=list(audit.head(settings)))
    _run(settings, 2)
    prune(settings)
    assert _files(settings.runs_dir) == ["run-1/run.json", "run-2/steps.jsonl"]
    last = _last_run(settings)
    assert last is not None and last.run_id == "run-2", "the last run is still the last"


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        ("dagster/history/runs/a.db-wal", True),
        ("dagster/history/runs/b.db-shm", True),
        ("dagster/history/runs/there.db-wal", False),
        ("published/g000001/masked.duckdb.wal", True),
        ("warehouse.damaged.duckdb.wal", True),
        ("landing/_work-x1/rows.parquet", True),
        ("landing/shop/sales/a.parquet", False),
    ],
)
def test_leavings_go_and_what_is_in_use_stays(settings: Settings, name: str, goes: bool) -> None:
    path = settings.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    (settings.home / "there.db").touch()
    if "there" in name:
        path.with_name("there.db").touch()
    prune(settings)
    assert path.exists() is not goes


def test_a_log_of_state_is_never_removed(settings: Settings) -> None:
    settings.state_path.unlink()
    log = settings.state_path.with_name("state.duckdb.wal")
    log.touch()
    assert prune(settings) == 0
    assert log.exists()


@dg.asset
def rows() -> None:
    return


@dg.asset_check(asset=rows)
def are_some() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Dagster's store of a home."""
    prepare_home(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_dir)) as opened:
        yield opened


def _checked(instance: dg.DagsterInstance) -> str:
    """The id of a run that made and checked the rows."""
    return dg.materialize([rows, are_some], instance=instance).run_id


def _left(settings: Settings) -> tuple[set[str], set[str]]:
    """(runs that have a file of events, runs that any table of the index names)."""
    events = settings.dagster_dir / "history" / "runs"
    with closing(sqlite3.connect(events / "index.db")) as con:
        tables = ("event_logs", "asset_check_executions")
        named = {run for table in tables for (run,) in con.execute(f"select distinct run_id from {table}")}
    return {path.stem for path in events.glob("*.db")} - {"index"}, named


def test_the_history_of_the_newest_runs_stays_and_all_of_others_goes(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    runs = [_checked(instance) for _ in range(4)]
    assert prune_history(instance, keep=2) == 2
    assert prune_history(instance, keep=2) == 0
    assert {run.run_id for run in instance.get_runs()} == set(runs[2:])
    assert instance.get_latest_materialization_event(dg.AssetKey("rows")) is not None
    assert _left(settings) == (set(runs[2:]), set(runs[2:]))


def test_the_history_of_killed_runs_goes_with_that_of_others_their_age(instance: dg.DagsterInstance) -> None:
    started, queued = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED

    def unfinished(status: dg.DagsterRunStatus) -> str:
        origin = RemoteJobOrigin(
            RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("home"), "jobs"), "nightly"
        )
        return instance.add_run(dg.DagsterRun("nightly", status=status, remote_job_origin=origin)).run_id

    killed, waiting, running = unfinished(started), unfinished(queued), unfinished(started)
    old, new, young = _checked(instance), _checked(instance), unfinished(started)
    assert prune_history(instance, 1, running) == 2
    left = {run.run_id for run in instance.get_runs()}
    assert left == {waiting, running, new, young}
    assert not {killed, old} & left
