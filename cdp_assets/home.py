"""Make a home ready for a run: folders, state, key, and the repair of what a killed run left."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, suppress

from cdp_assets.keys import load_key
from cdp_assets.private_files import alone
from cdp_assets.project.lay import write_file
from cdp_assets.publishing import lock
from cdp_assets.publishing.recovery import repair
from cdp_assets.settings import Settings
from cdp_assets.state import check_key, migrate, record_start_over, refuse_lost_state

DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
# One run at a time works on a home; the others wait their turn.
concurrency:
  runs:
    max_concurrent_runs: 1
# A run whose process died is told of, and started once more; a failed asset or check is not: it would fail again.
run_monitoring:
  enabled: true
  start_timeout_seconds: 600
  max_runtime_seconds: 21600
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
# Ticks of sensors and schedules, two a minute, are of no use for long.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 30
# What libraries print may quote data, and watching it costs two processes per step: it is not kept.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
# Events are stored where Dagster stores them, on files that stay open.
event_log_storage:
  module: cdp_assets.defs.event_store
  class: OpenSqliteEventLogStorage
  config:
    base_dir: {events_dir}
"""
DATABASES = (
    "history/runs.db",
    "history/runs/index.db",
    "schedules/schedules.db",
)  # of Dagster, below its folder


def prepare_home_unless_busy(settings: Settings) -> None:
    """For whoever only reads the graph: a home that a run works on was prepared by it, and is left alone."""
    with suppress(lock.HomeLocked):
        prepare_home(settings)


def prepare_home(settings: Settings) -> list[str]:
    """Create or mend everything that a run expects; returns what had to be repaired, in words.

    Raises HomeLocked while another process runs on the home: what it writes is not to be taken for leavings.
    """
    with lock.hold(settings.home):
        return _prepare_locked(settings)


def make_history(settings: Settings) -> None:
    """Dagster's databases in the home, made by one process while others wait for it.

    Two services that start at once on a new home would each make and stamp them: a database with two versions, or an older one, is never read again.
    """
    with _the_only_maker(settings):
        if all((settings.dagster_dir / name).exists() for name in DATABASES):
            return
        import dagster as dg  # who only prepares a home has no need of it

        _write_instance_file(settings)
        dg.DagsterInstance.from_config(str(settings.dagster_dir)).dispose()


def _the_only_maker(settings: Settings) -> AbstractContextManager[None]:
    """Of what is in Dagster's folder; who finds the home busy has no lock on it, and still makes its history."""
    settings.dagster_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return alone(settings.dagster_dir / "making.lock")


def _write_instance_file(settings: Settings) -> None:
    path = settings.dagster_dir / "dagster.yaml"
    text = DAGSTER_YAML.format(events_dir=json.dumps(f"{settings.dagster_dir}/history/runs"))
    if not path.exists() or path.read_text() != text:
        write_file(path, text.encode())


def _prepare_locked(settings: Settings) -> list[str]:
    # Whatever this process makes in the home is its owner's, also what libraries make (dbt's warehouse): a home whose
    # marts the group may read can be passed through. What was made before is brought in line.
    os.umask(0o077)
    if settings.warehouse_path.exists():
        settings.warehouse_path.chmod(0o600)
    for folder in (
        settings.home,
        settings.landing_dir,
        settings.runs_dir,
        settings.logs_dir,
        settings.dagster_dir,
    ):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _the_only_maker(settings):
        _write_instance_file(settings)
    refuse_lost_state(settings)
    is_anew = settings.start_over and not settings.state_path.exists()
    key = load_key(settings)
    migrate(settings)
    if is_anew:
        record_start_over(settings)
    check_key(settings, key)
    repaired = repair(settings)
    has_requests = any((settings.home / each).is_dir() for each in ("rights", "rights_inbox", "psi"))
    if has_requests or settings.erasure_manifest or settings.retention:
        from cdp_assets.rights.upkeep import upkeep  # what it needs is large, and few homes have requests

        repaired += upkeep(settings)
    return repaired
