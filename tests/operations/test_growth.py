"""What runs leave behind goes after a while, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

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


def test_the_history_of_the_newest_runs_stays_and_the_files_of_others_go(settings: Settings) -> None:
    @dg.asset
    def rows() -> None:
        return

    prepare_home(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_dir)) as instance:
        runs = [dg.materialize([rows], instance=instance).run_id for _ in range(4)]
        assert prune_history(instance, keep=2) == 2
        assert prune_history(instance, keep=2) == 0
        assert {run.run_id for run in instance.get_runs()} == set(runs[2:])
        assert instance.get_latest_materialization_event(dg.AssetKey("rows")) is not None
    events = settings.dagster_dir / "history" / "runs"
    assert {path.name for path in events.glob("*.db")} == {"index.db", *(f"{run}.db" for run in runs[2:])}
