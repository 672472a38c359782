"""The date that a run is about: given, or the newest business date that enough of the channels reached.

It is decided once per run, written into the run's record, and read from there by every later step.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from cdp_assets.engine import given, scratch
from cdp_assets.landing.contract import ChannelContract, Column, Export, load_contracts
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

LIVING_DAYS = 35  # a channel that has not delivered for longer than a month has no say in the date


class NoBusinessDate(RuntimeError):
    """Nothing that landed has a business date, and none was given."""


def as_of_date_of_run(settings: Settings, record: RunRecord) -> date:
    """The run's `as_of_date`; decided and recorded at the first call."""
    facts = record.facts()
    if "as_of_date" in facts:
        return date.fromisoformat(str(facts["as_of_date"]))
    decided = settings.as_of_date or latest_business_date(settings)
    record.set_facts(as_of_date=decided)
    return decided


def latest_business_date(settings: Settings) -> date:
    """The newest business date that a share of the living channels reached, never past the deliveries and never past today.

    Events are the rows of exports that are no snapshots; their time is the first required date or timestamp column. A row dated after
    its own delivery says nothing. A channel lives while it delivers. Where one channel decides alone, the day must have a share of a
    usual day's rows: one odd row moves no date. Raises NoBusinessDate where there is none.
    """
    days = _rows_per_day(settings)
    if not days:
        raise NoBusinessDate(
            f"nothing with a date up to today has landed yet from {settings.inbox_dir}: deliver files to <inbox>/<channel>/, "
            "look whether this machine's clock is right, or name the date with --as-of-date YYYY-MM-DD"
        )
    rank = math.ceil(settings.as_of_channel_share * len(days))
    least = settings.as_of_day_share if rank == 1 else 0.0
    newest = sorted((_newest(rows, least) for rows in days.values()), reverse=True)
    return min(newest[rank - 1], datetime.now(UTC).astimezone(ZoneInfo(settings.business_time_zone)).date())


def newest_landed(settings: Settings) -> date | None:
    """The same date, or None where nothing with a date has landed."""
    try:
        return latest_business_date(settings)
    except NoBusinessDate:
        return None


def _newest(rows: dict[date, int], least: float) -> date:
    """The newest day with at least that share of the median day's rows."""
    usual = least * statistics.median(rows.values())
    return max(day for day, count in rows.items() if count >= usual)


def _rows_per_day(settings: Settings) -> dict[str, dict[date, int]]:
    """Channel that still delivers → business date → rows of current loads that are dated up to their delivery."""
    with connect_state(settings, read_only=True) as state:
        loads = state.sql(
            "select channel, export, load_id, timezone($zone, timezone('UTC', landed_at))::date as delivered_on "
            "from loads where status = 'landed' and is_current",
            params={"zone": settings.business_time_zone},
        ).to_arrow_table()
    delivered: dict[str, date] = {}
    for channel, day in zip(loads["channel"].to_pylist(), loads["delivered_on"].to_pylist(), strict=True):
        delivered[channel] = max(day, delivered.get(channel, day))
    living = {
        channel
        for channel, day in delivered.items()
        if max(delivered.values()) - day <= timedelta(days=LIVING_DAYS)
    }
    days: dict[str, dict[date, int]] = {}
    with scratch(settings.duckdb_limits) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        with given(con, "loads", loads):
            for contract, export, column in event_columns(load_contracts(*settings.contract_dirs)):
                if contract.name in living:
                    for day, rows in _days_of(con, settings, contract, export, column):
                        channel_days = days.setdefault(contract.name, {})
                        channel_days[day] = channel_days.get(day, 0) + rows
    return days


def event_columns(contracts: dict[str, ChannelContract]) -> Iterator[tuple[ChannelContract, Export, Column]]:
    """The column that dates the rows of each export which delivers events."""
    for contract in contracts.values():
        for export in contract.exports:
            dated = [c for c in export.properties if c.required and c.logical_type in ("date", "timestamp")]
            if export.facts.delivery != "snapshot" and dated:
                yield contract, export, dated[0]


def _days_of(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    column: Column,
) -> list[tuple[date, int]]:
    folder = settings.landing_dir / contract.name / export.name
    if not any(folder.glob("*.parquet")):
        return []
    day = f'"{column.name}"'
    bound = {"pattern": str(folder / "*.parquet"), "channel": contract.name, "export": export.name}
    if column.logical_type == "timestamp":
        day = f"({day} at time zone 'UTC' at time zone $zone)::date"
        bound["zone"] = settings.business_time_zone
    found: list[tuple[date, int]] = con.execute(
        f"""
        select {day} as day, count(*)
        from read_parquet($pattern, union_by_name = true) as landed
        inner join loads on loads.load_id = landed._load_id and loads.channel = $channel and loads.export = $export
        where {day} <= loads.delivered_on
        group by day
        """,
        bound,
    ).fetchall()
    return found
