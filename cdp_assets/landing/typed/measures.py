"""What a landed Parquet holds beyond its rows: its newest source version, times from the future, ambiguous local times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from cdp_assets.landing.contract import Export
from cdp_assets.landing.typed.casts import has_naive_times, text_column, time_zone_sql
from cdp_assets.sql_text import identifier


@dataclass(frozen=True)
class Measured:
    """`newest_version`: greatest value of the version column, as sortable text; counts are rows."""

    newest_version: str = ""
    future: int = 0
    ambiguous: int = 0


def measure(
    con: duckdb.DuckDBPyConnection, export: Export, parquet: list[Path], as_of_date: date | None
) -> dict[str, Measured]:
    """Measure landed files, by load id. `as_of_date` None: nothing counts as future. Loads with nothing to say lack."""
    newest = _newest(export)
    times = [column for column in export.properties if column.logical_type in ("date", "timestamp")]
    future = "0"
    if as_of_date and times:
        limit = as_of_date + timedelta(days=export.facts.future_margin_days + 1)
        late = " or ".join(f"{identifier(column.name)} >= date '{limit.isoformat()}'" for column in times)
        future = f"count(*) filter (where {late})"
    ambiguous = _ambiguous(export)
    if newest == "''" and future == "0" and ambiguous == "0":
        return {}
    found = con.execute(
        f"select _load_id, {newest}, {future}, {ambiguous} from read_parquet(?, hive_partitioning = false) group by _load_id",
        [[str(path) for path in parquet]],
    ).fetchall()
    return {row[0]: Measured(row[1] or "", row[2], row[3]) for row in found}


def _newest(export: Export) -> str:
    """SQL of the greatest source version, as text that sorts as the versions do: numbers are moved above zero and padded."""
    if not export.facts.version_column:
        return "''"
    column = export.column(export.facts.version_column)
    newest = f"max({identifier(column.name)})"
    if column.logical_type in (
        "date",
        "timestamp",
    ):  # one row from the future must not stay the newest version for ever
        newest += f" filter (where {identifier(column.name)} < date '{date.today() + timedelta(days=2)}')"
    if column.logical_type not in ("integer", "number"):
        return f"{newest}::varchar"
    scaled = f"({newest}::decimal(38, {column.scale}) * {10**column.scale})::hugeint"
    return f"lpad(({scaled} + {10**30})::varchar, 32, '0')"


def _ambiguous(export: Export) -> str:
    """SQL count of rows with a local time that the zone's clock shows twice."""
    tests = []
    for column in export.properties:
        zone = time_zone_sql(export, column) if has_naive_times(column) else None
        if zone is None:
            continue
        for name in {each.name for each in export.properties}:
            zone = zone.replace(identifier(text_column(name)), identifier(name))
        utc = f"timezone('UTC', {identifier(column.name)})"
        local = f"timezone({zone}, {utc})"
        around = f"timezone({zone}, {utc} - interval 1 hour), timezone({zone}, {utc} + interval 1 hour)"
        tests.append(f"{local} in ({around})")
    return f"count(*) filter (where {' or '.join(tests)})" if tests else "0"
