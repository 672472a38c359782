"""Figures that people asked to be told about, and notes on days: HOME/web/watched.sqlite, shared by the site's workers and the run.

An alert is looked at once a run has published, and told once per period. How it is told is `alerts`.
"""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

CADENCES = ("weekly", "quarterly")
CONDITIONS = ("below", "above", "red", "misses_target")
SCHEMA = """
create table if not exists alerts (
    alert_id integer primary key, cadence text not null, metric text not null, condition text not null, threshold real,
    author text not null, made_at text not null, told_period text
);
create table if not exists notes (
    note_id integer primary key, day text not null, words text not null, author text not null, made_at text not null
);
"""


@dataclass(frozen=True)
class Alert:
    """Tell when the latest whole period of a scorecard's metric meets a condition. threshold: of below and above."""

    alert_id: int
    cadence: str
    metric: str
    condition: str
    threshold: float | None
    author: str
    told_period: str | None = None  # end of the period that was told last


@dataclass(frozen=True)
class DayNote:
    """Words on a business day, drawn into charts over days."""

    note_id: int
    day: date
    words: str
    author: str


@contextmanager
def _opened(settings: Settings) -> Iterator[sqlite3.Connection]:
    path = settings.home / "web" / "watched.sqlite"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    con = sqlite3.connect(path, timeout=15)
    try:
        con.executescript(SCHEMA)
        with con:
            yield con
    finally:
        con.close()


def alerts(settings: Settings) -> list[Alert]:
    """Every alert, the newest first."""
    with _opened(settings) as con:
        rows = con.execute(
            "select alert_id, cadence, metric, condition, threshold, author, told_period from alerts order by alert_id desc"
        ).fetchall()
    return [Alert(*row) for row in rows]


def add_alert(
    settings: Settings, cadence: str, metric: str, condition: str, threshold: float | None, author: str
) -> None:
    """Keep an alert; raises ValueError for a cadence, condition or threshold that is none."""
    if (
        cadence not in CADENCES
        or condition not in CONDITIONS
        or (condition in {"below", "above"}) != (threshold is not None)
        or not math.isfinite(threshold or 0)
    ):
        raise ValueError("an alert needs a cadence, a condition, and a threshold where the condition has one")
    with _opened(settings) as con:
        con.execute(
            "insert into alerts (cadence, metric, condition, threshold, author, made_at) values (?, ?, ?, ?, ?, ?)",
            (cadence, metric, condition, threshold, author, _now()),
        )


def remove_alert(settings: Settings, alert_id: int) -> None:
    with _opened(settings) as con:
        con.execute("delete from alerts where alert_id = ?", (alert_id,))


def notes(settings: Settings) -> list[DayNote]:
    """Every note, by day."""
    with _opened(settings) as con:
        rows = con.execute("select note_id, day, words, author from notes order by day, note_id").fetchall()
    return [DayNote(row[0], date.fromisoformat(row[1]), row[2], row[3]) for row in rows]


def add_note(settings: Settings, day: date, words: str, author: str) -> None:
    with _opened(settings) as con:
        con.execute(
            "insert into notes (day, words, author, made_at) values (?, ?, ?, ?)",
            (day.isoformat(), words[:80], author, _now()),
        )


def remove_note(settings: Settings, note_id: int) -> None:
    with _opened(settings) as con:
        con.execute("delete from notes where note_id = ?", (note_id,))


def struck(settings: Settings) -> tuple[str, ...]:
    """One line per alert whose figure meets its condition in the current generation and whose period was not told yet."""
    return tuple(_line(alert, found) for alert, found in _struck(settings))


def were_told(settings: Settings) -> None:
    """The alerts that are struck now reached somebody: their periods are not told again."""
    told = [(str(found["period_end"]), alert.alert_id) for alert, found in _struck(settings)]
    if told:
        with _opened(settings) as con:
            con.executemany("update alerts set told_period = ? where alert_id = ?", told)


def _line(alert: Alert, found: dict[str, Any]) -> str:
    beyond = "" if alert.threshold is None else f" {alert.threshold:,.2f}"
    return (
        f"watched figure: {alert.metric} ({alert.cadence}) of {found['period_start']} to {found['period_end']} is "
        f"{found['metric_value']:,.2f}: {alert.condition.replace('_', ' ')}{beyond}, asked for by {alert.author}"
    )


def _struck(settings: Settings) -> list[tuple[Alert, dict[str, Any]]]:
    """Alerts that are to be told, each with the period that meets its condition."""
    asked = alerts(settings) if (settings.home / "web" / "watched.sqlite").exists() else []
    files = current_files(settings)
    if not asked or files is None or not files.marts.exists():
        return []
    with scratch() as con:
        con.execute(f"attach {literal(files.marts)} as published (read_only)")
        latest = [(alert, _latest(con, alert)) for alert in asked]
    return [
        (alert, found)
        for alert, found in latest
        if found is not None and _is_met(alert, found) and str(found["period_end"]) != alert.told_period
    ]


def _latest(con: duckdb.DuckDBPyConnection, alert: Alert) -> dict[str, Any] | None:
    """The latest whole period of an alert's metric; None where the scorecard has none."""
    table = f"scorecard_{alert.cadence}"
    if not con.execute(
        "select 1 from duckdb_tables() where database_name = 'published' and schema_name = 'marts' and table_name = ?",
        [table],
    ).fetchall():
        return None
    names = ("period_start", "period_end", "metric_value", "target", "direction", "status")
    rows = con.execute(
        f"select {', '.join(names)} from published.marts.{table} where metric = ? and is_complete and metric_value is not null "
        "order by period_start desc limit 1",
        [alert.metric],
    ).fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _is_met(alert: Alert, found: dict[str, Any]) -> bool:
    value = float(found["metric_value"])
    if alert.condition == "red":
        return bool(found["status"] == "red")
    if alert.condition == "misses_target":
        sign = 1 if found["direction"] == "up" else -1
        return found["target"] is not None and sign * value < sign * float(found["target"])
    if alert.threshold is None:  # older homes kept one that is no number
        return False
    return value < alert.threshold if alert.condition == "below" else value > alert.threshold


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
