"""Restriction, objection and opt-out: purposes that a person refused by a request, on all of her records, until a request lifts them.

dbt reads them as refusals of the whole person that stand above every answer (`person_consents`); nothing is done to the data itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdp_assets.rights import journal
from cdp_assets.rights.wishes import PURPOSES, REFUSED, Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.wording import counted


def refuses(kind: str, wish: Wish) -> tuple[str, ...]:
    """The purposes that a request refuses."""
    return wish.purposes or REFUSED[kind]


def lifts(wish: Wish) -> tuple[str, ...]:
    """The purposes that a request lifts, as far as they stand."""
    return wish.purposes or PURPOSES


def refuse(
    con: duckdb.DuckDBPyConnection,
    request_id: str,
    purposes: Sequence[str],
    records: Sequence[str],
    refused_at: str | None = None,
) -> int:
    """Enter what a request refuses, now or at a time of the list; returns how many refusals are new. con: state."""
    ((count,),) = con.execute(
        "insert into rights_refusals select $id, record_key, purpose, coalesce($at::timestamp, now()::timestamp), null, null "
        "from (select unnest($records::varchar[]) as record_key) cross join (select unnest($purposes::varchar[]) as purpose) "
        "on conflict do nothing",
        {"id": request_id, "records": list(records), "purposes": list(purposes), "at": refused_at},
    ).fetchall()
    return int(count)


def lift(
    con: duckdb.DuckDBPyConnection,
    request_id: str,
    wish: Wish,
    records: Sequence[str],
    lifted_at: str | None = None,
) -> tuple[str, ...]:
    """Lift what stands on these records, for the purposes that the request names or all; returns the purposes that were lifted. con: state.

    lifted_at: a time of the list; what was refused after it stands.
    """
    rows = con.execute(
        "update rights_refusals set lifted_at = coalesce($at::timestamp, now()::timestamp), lifted_by_request_id = $id "
        "where lifted_at is null and record_key in (select unnest($records::varchar[])) and purpose in (select unnest($purposes::varchar[])) "
        "and ($at is null or refused_at <= $at::timestamp) "
        "returning purpose",
        {"id": request_id, "records": list(records), "purposes": list(lifts(wish)), "at": lifted_at},
    ).fetchall()
    lifted = {row[0] for row in rows}
    return tuple(each for each in PURPOSES if each in lifted)


def do_again(settings: Settings) -> list[str]:
    """Enter what the list outside backups knows and state does not: a backup from before was restored; in words. Expects the home's lock."""
    listed = journal.read_refusals(settings)
    if not listed or not settings.state_path.exists():
        return []
    gone = {key for entry in journal.read_manifest(settings) for key in entry["record_keys"]}
    asked = [
        (entry, records)
        for entry in listed
        if (records := [key for key in entry["record_keys"] if key not in gone])
    ]
    if {entry["refusal"] for entry, _ in asked} <= _known(settings):
        return []
    count = 0
    with connect_state(settings) as con:
        con.begin()
        for entry, records in asked:
            request_id, at = entry["refusal"], entry["entered_at"]
            if entry["is_lifted"]:
                lift(con, request_id, Wish(purposes=tuple(entry["purposes"])), records, at)
            else:
                count += refuse(con, request_id, entry["purposes"], records, at) > 0
        con.commit()
    return [f"{counted(count, 'refusals')} newer than what was restored: in force again"] if count else []


def _known(settings: Settings) -> set[str]:
    """Requests whose refusal, or lifting of one, state has."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select request_id from rights_refusals union select lifted_by_request_id from rights_refusals where lifted_by_request_id is not null"
        ).fetchall()
    return {row[0] for row in rows}


def standing(con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> list[tuple[str, str]]:
    """(purpose, day since when) that these records' person refused by request and did not lift. con: state."""
    rows = con.execute(
        "select purpose, min(refused_at)::date::varchar from rights_refusals "
        "where lifted_at is null and record_key in (select unnest(?::varchar[])) group by all order by all",
        [list(records)],
    ).fetchall()
    return [(purpose, day) for purpose, day in rows]
