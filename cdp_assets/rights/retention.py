"""How long rows of state stay: per table, or per class of tables, in days. Ended every night, counted, and gone from the file's bytes, too.

Originals and quarantine have their retention in the contracts (`landing.retention`), generations, runs and certificates in settings of their own.
What identity needs to keep ids, and what balances money, has none: it lasts, and an erasure takes a person out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from cdp_assets.engine import STORAGE, STORAGE_VERSION
from cdp_assets.errors import Problem
from cdp_assets.rights import hers, tables
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal
from cdp_assets.state import connect_state

# Table of state → the column that says how old a row is. Only these can end.
DATED = {
    "rfm_scores_by_date": "as_of_date",
    "lifecycle_by_date": "as_of_date",
    "consent_statements_by_date": "as_of_date",
    "audience_history": "on_date",
    "activation_answers": "answered_on",
    "customer_id_events": "effective_at",
    "identity_quality": "as_of_date",
    "scorecard_by_date": "as_of_date",
    "rfm_cut_points_by_date": "as_of_date",
    "decisions": "decided_at",
    "damage_found": "found_at",
    "rights_events": "noted_at",
    "retention_counts": "ran_on",
}
CLASSES = ("core", "internal")


class RetentionProblem(Problem):
    """A retention that cannot be read."""


def rules(text: str) -> dict[str, int]:
    """'core=1095,decisions=400' → days by class or table. Raises RetentionProblem."""
    found = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, days = each.partition("=")
        if name not in (*CLASSES, *DATED) or not re.fullmatch(r"[1-9][0-9]{0,5}", days):
            raise RetentionProblem(
                f"the retention of {name!r} cannot be read",
                "ONEFOLD_RETENTION",
                f"write NAME=DAYS with commas between; NAME is {', '.join(CLASSES)} or a table: {', '.join(sorted(DATED))}",
            )
        found[name] = int(days)
    return found


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
            last = min(today, newest) - timedelta(days=kept)
            found[name] = (f"coalesce({identifier(column)} < date {literal(last)}, false)", kind, kept)
    return found


def _count(con: duckdb.DuckDBPyConnection, name: str, where: str) -> int:
    return int(con.execute(f"select count(*) from {identifier(name)} where {where}").fetchall()[0][0])


def _write_again(settings: Settings, where: Mapping[str, str]) -> None:
    """State copied into a new file without the rows, which then takes its name; killed anywhere, one of the two is there."""
    fresh = settings.state_path.with_name(settings.state_path.name + tables.ERASING)
    fresh.unlink(missing_ok=True)
    tables.merge_log(settings.state_path)
    with duckdb.connect(config=STORAGE) as con:
        con.execute(f"attach {literal(settings.state_path)} as held (read_only)")
        con.execute(f"attach {literal(fresh)} as fresh (storage_version {literal(STORAGE_VERSION)})")
        con.execute("copy from database held to fresh (schema)")
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
