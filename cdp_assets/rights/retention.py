"""How long rows of state stay: per table, or per class of tables, in days. Ended every night, counted, and gone from the file's bytes, too.

Originals and quarantine have their retention in the contracts (`landing.retention`), generations, runs and certificates in settings of their own.
What identity needs to keep ids, what balances money and what tells what stands (at a platform, of a consent) has none: it lasts, and an erasure takes a person out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from cdp_assets.engine import STORAGE, STORAGE_VERSION
from cdp_assets.retention_rules import DATED, rules
from cdp_assets.rights import hers, tables
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal
from cdp_assets.state import connect_state

# What else must be so of a row that ends: nothing of today stands upon it. {last}: the first day that stays.
IS_OVER = {
    # an answer that stands is known since its first day; when its end is old, all of it goes
    "consent_statements_by_date": "statement_id in (select statement_id from consent_statements_by_date group by statement_id "
    "having max_by(is_ended, as_of_date) and max(as_of_date) < {last})",
    # the proof of an open request; and what `verify` and the end of holds ask later
    "rights_events": "request_id in (select request_id from rights_requests where closed_at < {last}) and event not in ('readmitted', 'hold_ended')",
}  # fmt: skip


def expire(settings: Settings, today: date) -> dict[str, int]:
    """End what is past its retention, by the clock and by the date of the newest generation; table → rows that went.

    State is written again without them: DELETE leaves the bytes. Expects the home's lock.
    """
    days = rules(settings.retention)
    if not days or not settings.state_path.exists():
        return {}
    with connect_state(settings, read_only=True) as con:
        ends = _ends(con, days, today)
        gone = {name: count for name, (where, _, _) in ends.items() if (count := _count(con, name, where))}
    if not gone:
        return {}
    _write_again(settings, {name: ends[name][0] for name in gone})
    with connect_state(settings) as con:
        con.executemany(
            "insert into retention_counts values (?, ?, ?, ?, ?)",
            [[today, name, ends[name][1], ends[name][2], count] for name, count in sorted(gone.items())],
        )
    return dict(sorted(gone.items()))


def _ends(
    con: duckdb.DuckDBPyConnection, days: Mapping[str, int], today: date
) -> dict[str, tuple[str, str, int]]:
    """Table → (SQL of the rows whose time is up, class, days). A wrong clock ends nothing that the data do not call old."""
    newest = con.execute("select max(as_of_date) from generations").fetchall()[0][0]
    if newest is None:
        return {}
    columns = dict(con.execute(
        "select table_name, list(column_name) from duckdb_columns() where not internal group by all"
    ).fetchall())  # fmt: skip
    found = {}
    for name, column in DATED.items():
        kind = "core" if hers.can_tell(columns.get(name, [])) else "internal"
        kept = days.get(name, days.get(kind))
        if kept is not None and name in columns:
            last = f"date {literal(min(today, newest) - timedelta(days=kept))}"
            is_over = IS_OVER.get(name, "true").format(last=last)
            found[name] = (f"coalesce({identifier(column)} < {last} and {is_over}, false)", kind, kept)
    return found


def _count(con: duckdb.DuckDBPyConnection, name: str, where: str) -> int:
    return int(con.execute(f"select count(*) from {identifier(name)} where {where}").fetchall()[0][0])


def _write_again(settings: Settings, where: Mapping[str, str]) -> None:
    """State copied into a new file without the rows, which then takes its name; killed anywhere, one of the two is there."""
    fresh = settings.state_path.with_name(settings.state_path.name + tables.ERASING)
    fresh.unlink(missing_ok=True)
    tables.merge_log(settings.state_path)
    with duckdb.connect(config={**settings.duckdb_limits, **STORAGE}) as con:
        con.execute(f"attach {literal(settings.state_path)} as held (read_only)")
        con.execute(f"attach {literal(fresh)} as fresh (storage_version {literal(STORAGE_VERSION)})")
        con.execute("copy from database held to fresh (schema)")
        con.execute("use held")
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'held' order by all"
        ).fetchall()
        for schema, name in names:
            stays = f"where not ({where[name]})" if name in where else ""
            con.execute(
                f"insert into fresh.{identifier(schema, name)} select * from held.{identifier(schema, name)} {stays}"
            )
        con.execute("checkpoint fresh")
    tables.put_in_place(fresh, settings.state_path)
