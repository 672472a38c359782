"""Restriction, objection and opt-out: purposes that a person refused by a request, on all of her records, until a request lifts them.

dbt reads them as refusals of the whole person that stand above every answer (`person_consents`); nothing is done to the data itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdp_assets.rights.wishes import PURPOSES, REFUSED, Wish


def refuse(
    con: duckdb.DuckDBPyConnection, request_id: str, kind: str, wish: Wish, records: Sequence[str]
) -> tuple[str, ...]:
    """Enter what a request refuses; returns the purposes. con: state."""
    purposes = wish.purposes or REFUSED[kind]
    con.execute(
        "insert into rights_refusals select $id, record_key, purpose, now()::timestamp, null, null "
        "from (select unnest($records::varchar[]) as record_key) cross join (select unnest($purposes::varchar[]) as purpose) "
        "on conflict do nothing",
        {"id": request_id, "records": list(records), "purposes": list(purposes)},
    )
    return purposes


def lift(
    con: duckdb.DuckDBPyConnection, request_id: str, wish: Wish, records: Sequence[str]
) -> tuple[str, ...]:
    """Lift what stands on these records, for the purposes that the request names or all; returns the purposes that were lifted. con: state."""
    rows = con.execute(
        "update rights_refusals set lifted_at = now()::timestamp, lifted_by_request_id = $id "
        "where lifted_at is null and record_key in (select unnest($records::varchar[])) and purpose in (select unnest($purposes::varchar[])) "
        "returning purpose",
        {"id": request_id, "records": list(records), "purposes": list(wish.purposes or PURPOSES)},
    ).fetchall()
    lifted = {row[0] for row in rows}
    return tuple(each for each in PURPOSES if each in lifted)


def standing(con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> list[tuple[str, str]]:
    """(purpose, day since when) that these records' person refused by request and did not lift. con: state."""
    rows = con.execute(
        "select purpose, min(refused_at)::date::varchar from rights_refusals "
        "where lifted_at is null and record_key in (select unnest(?::varchar[])) group by all order by all",
        [list(records)],
    ).fetchall()
    return [(purpose, day) for purpose, day in rows]
