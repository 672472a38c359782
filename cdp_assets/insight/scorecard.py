"""The scorecard's limits: which metrics have one, and how each stands in its last full period.

Values, baselines and status are dbt's (`models/scorecard`); showing them is `defs.checks`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

METRICS_FILE = "scorecard_metrics.csv"
RED = "red"


@dataclass(frozen=True)
class LimitedMetric:
    """A row of the metrics' list that has a red limit."""

    cadence: str
    metric: str
    title: str
    direction: str  # up: below the limit is red; down: above it
    red_limit: float


@dataclass(frozen=True)
class Standing:
    """What a metric said of its last full period; `value` is None where it cannot be told."""

    period_start: date
    status: str  # red · yellow · green · no limit · unknown
    value: float | None


def limited_metrics(reference_dir: Path) -> list[LimitedMetric]:
    """The metrics of `scorecard_metrics.csv` that have a red limit, in the order of the file."""
    return [
        LimitedMetric(row["cadence"], row["metric"], row["title"], row["direction"], float(row["red_limit"]))
        for row in _metrics(reference_dir)
        if row["red_limit"]
    ]


def metrics_in_order(reference_dir: Path, cadence: str) -> list[str]:
    """The metrics of a cadence in the order of `scorecard_metrics.csv`; none where there is no such file."""
    if not (reference_dir / METRICS_FILE).exists():
        return []
    return [row["metric"] for row in _metrics(reference_dir) if row["cadence"] == cadence]


def _metrics(reference_dir: Path) -> list[dict[str, str]]:
    with (reference_dir / METRICS_FILE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_standings(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Standing]:
    """By cadence and metric: its last complete period in `scorecard.scorecard_values`.

    A metric that is known as of the run alone stands on the last period, complete or not. One without any such period is left out.
    """
    rows = con.execute(
        """
        select cadence, metric, period_start, status, metric_value
        from scorecard.scorecard_values
        where is_complete or time_window like 'as of the run%'
        qualify row_number() over (partition by cadence, metric order by period_start desc) = 1
        order by cadence, metric
        """
    ).fetchall()
    return {
        (cadence, metric): Standing(start, status, value) for cadence, metric, start, status, value in rows
    }
