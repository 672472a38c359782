"""What each run leaves behind goes after a while: records, logs, work folders of runs that were killed, logs of databases that are gone.

Dagster's history is pruned beside this (`defs/history.py`); originals and quarantine have their retention (`landing/retention.py`), generations
`keep_generations`. Expects the home's lock to be held: nobody else writes.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cdp_assets.publishing.run_record import last_written
from cdp_assets.settings import Settings

# Beside which file a database's log or index of shared memory lies.
LOG_ENDINGS = ("-wal", "-shm", "-journal", ".wal")


def prune(settings: Settings) -> int:
    """Remove what is older than the `keep_runs` newest runs, and leavings; returns how many files and folders went.

    A run's facts stay where they name the audit log's head at that time: the log is checked against them.
    """
    folders = sorted(settings.runs_dir.glob("*"), key=last_written, reverse=True)
    gone = [step for folder in folders[settings.keep_runs :] for step in _prune_record(folder)]
    kept = {folder.name for folder in folders[: settings.keep_runs]}
    logs = sorted(settings.logs_dir.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    gone += [path for path in logs[settings.keep_runs :] if path.stem not in kept]
    gone += settings.landing_dir.glob("_work-*")
    gone += _orphaned_logs(settings)
    for path in gone:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return len(gone)


def _prune_record(folder: Path) -> list[Path]:
    """What of a run's record may go."""
    facts = folder / "run.json"
    if not facts.exists() or "audit_head" not in json.loads(facts.read_text(encoding="utf-8")):
        return [folder]
    return [path for path in folder.iterdir() if path != facts]


def _orphaned_logs(settings: Settings) -> list[Path]:
    """Write-ahead logs without their database: SQLite's of Dagster's history, DuckDB's of a generation or a database set aside.

    That of state is not among them: it is a sign of lost state.
    """
    candidates = [
        *settings.home.glob("*"),
        *settings.dagster_dir.rglob("*"),
        *settings.published_dir.rglob("*"),
    ]
    logs = {path: database for path in candidates if (database := _database_of(path))}
    return [
        log for log, database in logs.items() if not database.exists() and database != settings.state_path
    ]


def _database_of(path: Path) -> Path | None:
    """The database that a file is the log of, by its name."""
    ending = next((end for end in LOG_ENDINGS if path.name.endswith(end)), None)
    return path.with_name(path.name.removesuffix(ending)) if ending else None
