"""The date that a run is about: given, or the latest business date landed, capped at today.

It is decided once per run, written into the run's record, and read from there by every later step.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import duckdb

from cdp_assets.landing.contract import ChannelContract, Column, Export, load_contracts
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings


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
    """Latest business date over all landed events, capped at today in the business time zone.

    Events are the rows of exports that are no snapshots; their time is the first required date or timestamp column.
    Raises NoBusinessDate where there is none.
    """
    con = duckdb.connect(config=settings.duckdb_limits)
    try:
        con.execute("set TimeZone = 'UTC'")
        found = [
            _latest(con, settings, *event) for event in event_columns(load_contracts(*settings.contract_dirs))
        ]
    finally:
        con.close()
    dates = [each for each in found if each is not None]
    if not dates:
        raise NoBusinessDate(
            f"nothing with a date has landed yet from {settings.inbox_dir}: deliver files to <inbox>/<channel>/, "
            "or name the date with --as-of-date YYYY-MM-DD"
        )
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.business_time_zone)).date()
    return min(max(dates), today)


def event_columns(contracts: dict[str, ChannelContract]) -> Iterator[tuple[ChannelContract, Export, Column]]:
    """The column that dates the rows of each export which delivers events."""
    for contract in contracts.values():
        for export in contract.exports:
            dated = [c for c in export.properties if c.required and c.logical_type in ("date", "timestamp")]
            if export.facts.delivery != "snapshot" and dated:
                yield contract, export, dated[0]


def _latest(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    column: Column,
) -> date | None:
    folder = settings.landing_dir / contract.name / export.name
    if not any(folder.glob("*.parquet")):
        return None
    value = f'max("{column.name}")'
    if column.logical_type == "timestamp":
        value = f"({value} at time zone 'UTC' at time zone $zone)::date"
        bound = {"pattern": str(folder / "*.parquet"), "zone": settings.business_time_zone}
    else:
        bound = {"pattern": str(folder / "*.parquet")}
    row = con.execute(f"select {value} from read_parquet($pattern, union_by_name = true)", bound).fetchone()
    return row[0] if row else None
