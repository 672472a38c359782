"""Holds: what must stay although its person is erased, such as the name on a tax record.

A hold names a table that a channel delivers, or one column of it. Rows that bear money stay in any case, without their person; a held column
keeps its value in the original and where it landed, and nowhere else: no record is made of it. Landing honours it (`suppression.sieve`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cdp_assets.landing.contract import Export, load_contracts
from cdp_assets.landing.forgetting import holding_loads
from cdp_assets.landing.suppression.matches import Suppressed, person_columns
from cdp_assets.rights.journal import Held
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.requests import Hold
from cdp_assets.rights.scanning import Scan
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

ENDED = "hold_ended"  # event of a request whose held values are gone


def check(settings: Settings, holds: Sequence[Hold]) -> None:
    """Raise RequestProblem for a hold that no contract lets be: an unknown table or column, rows that hold only a person, a column that names nobody."""
    contracts = load_contracts(*settings.contract_dirs) if holds else {}
    for hold in holds:
        channel, _, name = hold.table_name.partition(".")
        exports = contracts[channel].exports if channel in contracts else []
        _check_one(hold, next((each for each in exports if each.name == name), None))


def _check_one(hold: Hold, export: Export | None) -> None:
    if export is None:
        raise RequestProblem(
            "a hold names no table that a channel delivers",
            hold.table_name,
            "CHANNEL.EXPORT of a contract: `onefold channel list`",
        )
    if export.facts.on_erasure != "blank":
        raise RequestProblem(
            "a hold names rows that hold only a person",
            hold.table_name,
            "such a row cannot stay without her: hold the table of the orders (onErasure: blank in its contract)",
        )
    names = sorted(each.name for each in person_columns(export))
    if hold.column_name and hold.column_name not in names:
        raise RequestProblem(
            "a hold names no column of a person",
            f"{hold.table_name}.{hold.column_name}",
            f"one of {', '.join(names)}, or the table alone",
        )


def of_requests(settings: Settings, request_ids: Sequence[str]) -> list[Held]:
    """The holds of some requests, as a journal and the manifest carry them."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select request_id, table_name, column_name, reason, until_date::varchar from rights_holds "
            "where request_id in (select unnest(?::varchar[])) order by all",
            [list(request_ids)],
        ).fetchall()
    return [(request, table, column, reason, until) for request, table, column, reason, until in rows]


def ended(settings: Settings, today: date) -> list[str]:
    """Requests that were carried out, and held a column for a time that is over: what they held is still there."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select distinct request_id from rights_holds semi join rights_suppressed using (request_id) "
            "where column_name is not null and until_date < $today and not exists (select 1 from rights_events as noted "
            "where noted.request_id = rights_holds.request_id and event = $ended and noted_at::date > until_date) order by 1",
            {"today": today, "ended": ENDED},
        ).fetchall()
    return [row[0] for row in rows]


def kept(settings: Settings, request_ids: Sequence[str], blanked: dict[str, int]) -> list[dict[str, Any]]:
    """The holds of some requests, with the rows that keep the held value; of a whole table, those that stay without their person.

    blanked: table → rows that this erasure blanked.
    """
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select distinct table_name, column_name, reason, until_date::varchar from rights_holds "
            "where request_id in (select unnest(?::varchar[])) and coalesce(until_date >= current_date, true) order by all",
            [list(request_ids)],
        ).fetchall()
        hers = con.execute(
            "select distinct identifier_pseudonym, identifier_type from rights_suppressed inner join suppressions using (identifier_pseudonym) "
            "where request_id in (select unnest(?::varchar[]))",
            [list(request_ids)],
        ).fetchall()
    people = Suppressed(sorted({each for each, _ in hers}), frozenset(kind for _, kind in hers))
    contracts = load_contracts(*settings.contract_dirs) if any(column for _, column, _, _ in rows) else {}
    held = {
        f"{channel}.{export}": sum(loads.values())
        for (channel, export), loads in holding_loads(settings, contracts, people).items()
    }
    return [
        {"table_name": table, "column_name": column, "reason": reason, "until_date": until,
         "rows": held.get(table, 0) if column else blanked.get(table, 0)}
        for table, column, reason, until in rows
    ]  # fmt: skip


def set_apart(settings: Settings, looked: Scan, held: Sequence[dict[str, Any]]) -> None:
    """Take what a hold keeps out of what a scan found: a held column where it landed, and the originals of its table."""
    columns = {(each["table_name"], each["column_name"]) for each in held if each["column_name"]}
    if not columns:
        return
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select delivered_sha256 from loads where channel || '.' || export in (select unnest(?::varchar[]))",
            [[table for table, _ in columns]],
        ).fetchall()
    originals = {sha256 for (sha256,) in rows}
    looked.hits = [hit for hit in looked.hits if not _is_held(hit, columns, originals)]


def _is_held(hit: str, columns: set[tuple[str, str]], originals: set[str]) -> bool:
    place, _, found = hit.partition(": ")
    if place.startswith("landing/_originals/"):
        return place.rpartition("/")[2] in originals
    column = found.partition(",")[0]
    return any(
        place.startswith(f"landing/{folder}/{table.replace('.', '/')}/".replace("//", "/"))
        and column in (name, "statistics")
        for table, held in columns
        for folder, name in (("", held), ("_quarantine", "original_text"))
    )
