"""The one resource: a home, locked for the length of a run, with the run's record."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from cdp_assets.dbt_runner import end_engine
from cdp_assets.errors import made_safe, may_pass_on_retry
from cdp_assets.home import prepare_home
from cdp_assets.keys import load_key
from cdp_assets.publishing import lock
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings

RETRIES, SECONDS_BETWEEN = 2, 15


@dataclass
class Report:
    """What an asset says when it is done: rows, and counts to show as metadata (never a value)."""

    rows: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class OnefoldHome(dg.ConfigurableResource[Any]):
    """The home that ONEFOLD_HOME names. Held by one run at a time."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[OnefoldHome]:
        with lock.hold(self.settings.home):
            prepare_home(self.settings)
            try:
                yield self
            finally:
                end_engine()

    @property
    def settings(self) -> Settings:
        return Settings.load()

    @property
    def key(self) -> bytes:
        return load_key(self.settings)

    def record(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> RunRecord:
        return RunRecord(self.settings, context.run.run_id)


@contextmanager
def reported(context: dg.AssetExecutionContext, home: OnefoldHome, name: str) -> Iterator[Report]:
    """Record asset `name` as made when the block ends well, with its rows and seconds.

    Dagster keeps the text of what a step raises, so a library's error leaves here without its text.
    """
    started = time.monotonic()
    report = Report()
    try:
        yield report
    except Exception as error:
        if os.environ.get("ONEFOLD_DEBUG"):
            raise
        if may_pass_on_retry(error):
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=SECONDS_BETWEEN) from made_safe(
                error
            )
        raise made_safe(error) from None
    if report.rows is not None:
        report.metadata["dagster/row_count"] = report.rows
    home.record(context).asset(name, rows=report.rows, seconds=round(time.monotonic() - started, 3))


def told(
    record: RunRecord,
    key: dg.AssetCheckKey,
    *,
    passed: bool,
    blocking: bool,
    detail: str | None,
    metadata: dict[str, Any],
) -> dg.AssetCheckResult:
    """A check's result, written to the run's record on its way to Dagster."""
    record.check(
        f"{'/'.join(key.asset_key.path)}:{key.name}", passed=passed, blocking=blocking, detail=detail
    )
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
