"""What activation holds of people: their platform keys and what is still to be removed, for status, rights and erasure.

Keys are the platforms' own hashes or ids: callers show counts, and hand the keys themselves only to who removes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from cdp_assets.activation.destination import Destinations, load_destinations
from cdp_assets.activation.files import FOLDER, show
from cdp_assets.activation.ledger import NOTES, offered_files
from cdp_assets.settings import Settings
from cdp_assets.sql_text import from_file
from cdp_assets.state import connect_state

PERSONAL_TABLES = (
    "activation_keys",
    "activation_key_customers",
    "activation_entries",
    "activation_superseded_keys",
    "activation_answers",
    "activation_contacts",
    "activation_events",
    "audience_members",
    "audience_history",
)
"""Tables of state that say something of single persons."""
BY_CUSTOMER = (
    "audience_members",
    "audience_history",
    "activation_contacts",
    "activation_events",
    "activation_key_customers",
)
LATE_DAYS = 30  # for so long an answer to a superseded batch is expected
PERSONAL_PLACES = (FOLDER,)
"""Folders of a home with files that do."""


@dataclass(frozen=True)
class PlatformKey:
    """One key of a person on one list. stands: there, waits, refused, to be proposed, removal waits, removal refused."""

    destination: str
    audience: str
    contact_type: str
    platform_key: str
    stands: str
    reason: str | None


@dataclass(frozen=True)
class ListStatus:
    """One list: keys by what they stand at, and the counts of its newest activation."""

    destination: str
    audience: str
    keys: dict[str, int]
    steps: list[tuple[str, int]]
    refusals: list[tuple[str, int]]
    notes: list[str]


def platform_keys(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> list[PlatformKey]:
    """Every key of these customers that may still be at a platform (con: state). Empty: nothing is left to remove."""
    return unremoved(con, keys_of(con, customer_ids))


def keys_of(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> list[int]:
    """Numbers of the keys that these customers, and nobody else, ever yielded: they outlive the customers' ids until platforms removed them."""
    rows = con.execute(
        "select key_id from activation_key_customers group by key_id "
        "having bool_and(customer_id in (select unnest(?::varchar[]))) order by key_id",
        [list(customer_ids)],
    ).fetchall()
    return [row[0] for row in rows]


def unremoved(con: duckdb.DuckDBPyConnection, key_ids: Sequence[int]) -> list[PlatformKey]:
    """What these keys stand at, on every list whose platform did not acknowledge their removal."""
    rows = con.execute(
        f"select destination, audience, contact_type, platform_key, stands, reason from ({_stands()}) as s "
        "where key_id in (select unnest(?::bigint[])) order by all",
        [list(key_ids)],
    ).fetchall()
    return [PlatformKey(*row) for row in rows]


def find(settings: Settings, customer_ids: Sequence[str]) -> dict[str, int]:
    """Rows of state that this room holds of these customers, by table; nothing is changed."""
    with connect_state(settings, read_only=True) as con:
        counted = {
            table: con.execute(
                f"select count(*) from {table} where customer_id in (select unnest(?::varchar[]))",
                [list(customer_ids)],
            ).fetchall()[0][0]
            for table in BY_CUSTOMER
        }
        counted["activation_entries"] = len(platform_keys(con, customer_ids))
    return {table: rows for table, rows in counted.items() if rows}


def erase(settings: Settings, customer_ids: Sequence[str]) -> list[int]:
    """Erase what this room holds of these customers; returns the numbers of keys that platforms must still remove.

    Files that would add them are withdrawn at once. What may be at a platform stays as the platform's key, without the customer, until the removal that the next
    activation proposes is acknowledged (`unremoved` asks); then it is dropped. Expects the home's lock to be held.
    """
    with connect_state(settings, read_only=True) as con:
        key_ids = keys_of(con, customer_ids)
    withdraw(settings, key_ids, customer_ids)
    with connect_state(settings) as con:
        con.begin()
        forget_customers(con, customer_ids)
        con.commit()
        left = con.execute(
            "select distinct key_id from activation_entries where key_id in (select unnest(?::bigint[])) order by 1",
            [key_ids],
        ).fetchall()
    return [row[0] for row in left]


def withdraw(settings: Settings, key_ids: Sequence[int], customer_ids: Sequence[str]) -> set[str]:
    """Take back files that wait and would bring one of these keys, or conversions of these customers, to a platform; returns those that wait still.

    Letters of others in such a file wait on under its id: it is written again by the next activation. Expects the home's lock to be held.
    """
    destinations = load_destinations(settings)
    with connect_state(settings) as con:
        con.begin()
        _withdraw_letters(con, key_ids, _lists_of_letters(con, destinations))
        _withdraw(con, key_ids, customer_ids)
        con.commit()
        withheld = _withheld(con, key_ids)
        offered = offered_files(con, destinations, "main")
        pending = {
            folder: {file: each for file, each in files.items() if each.batch_id not in withheld}
            for folder, files in offered.items()
        }
    show(settings, pending)
    return {f"{FOLDER}/{folder}/{file}" for folder, files in pending.items() for file in files}


def forget_customers(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> dict[str, int]:
    """Delete every row that names these customers, and keys of theirs that no list has; rows per table."""
    listed = [list(customer_ids)]
    counted = {}
    theirs = (
        "key_id in (select key_id from activation_key_customers where customer_id in (select unnest(?::varchar[]))) "
        "and key_id not in (select key_id from activation_entries)"
    )
    con.execute(f"delete from activation_superseded_keys where {theirs}", listed)
    for table in BY_CUSTOMER:
        rows = con.execute(
            f"delete from {table} where customer_id in (select unnest(?::varchar[])) returning 1", listed
        ).fetchall()
        counted[table] = len(rows)
    return {**counted, "activation_keys": sweep(con)}


def _lists_of_letters(con: duckdb.DuckDBPyConnection, destinations: Destinations) -> list[int]:
    letters = [name for name, each in destinations.known.items() if each.kind == "message"]
    rows = con.execute(
        "select list_id from activation_lists where destination in (select unnest(?::varchar[]))", [letters]
    ).fetchall()
    return [row[0] for row in rows]


def _withdraw_letters(con: duckdb.DuckDBPyConnection, key_ids: Sequence[int], lists: Sequence[int]) -> None:
    """Take these keys out of letters that wait: their removal is proposed, and the rest of the batch is written again under its id by the next activation."""
    values = {"keys": list(key_ids), "lists": list(lists)}
    waiting = (
        "add_batch in (select batch_no from activation_batches where status = 'pending' and operation = 'add' and list_id in (select unnest($lists::integer[]))) "
        "and remove_batch is null and key_id in (select unnest($keys::bigint[]))"
    )
    con.execute(
        f"insert into activation_superseded_keys select add_batch, key_id, field from activation_entries where {waiting}",
        values,
    )
    con.execute(f"update activation_entries set add_batch = null where {waiting}", values)


def _withheld(con: duckdb.DuckDBPyConnection, key_ids: Sequence[int]) -> set[str]:
    """Batches that wait and whose file still names one of these keys."""
    rows = con.execute(
        "select distinct b.batch_id from activation_superseded_keys as s join activation_batches as b using (batch_no) "
        "where b.status = 'pending' and s.key_id in (select unnest(?::bigint[]))",
        [list(key_ids)],
    ).fetchall()
    return {row[0] for row in rows}


def _withdraw(con: duckdb.DuckDBPyConnection, key_ids: Sequence[int], customer_ids: Sequence[str]) -> None:
    """Supersede what waits and would bring one of these keys, or of these customers' conversions, to a platform."""
    con.execute(
        "create or replace temp table withdrawn as select distinct e.add_batch as batch_no from activation_entries as e "
        "join activation_batches as b on e.add_batch = b.batch_no "
        "where b.status = 'pending' and e.key_id in (select unnest(?::bigint[])) "
        "union select batch_no from activation_events join activation_batches as b using (batch_no) "
        "where b.status = 'pending' and customer_id in (select unnest(?::varchar[]))",
        [list(key_ids), list(customer_ids)],
    )
    con.execute(
        "insert into activation_superseded_keys select add_batch, key_id, field from activation_entries "
        "where add_batch in (select batch_no from withdrawn) and remove_batch is null"
    )
    con.execute(
        "update activation_batches set status = 'superseded', answered_on = (select max(proposed_on) from activation_batches), note = 'withdrawn: somebody in it was erased' "
        "where batch_no in (select batch_no from withdrawn)"
    )


def sweep(con: duckdb.DuckDBPyConnection, ledger: str = "main", as_of: date | None = None) -> int:
    """Drop keys that no list has any more, and whom they belonged to; returns how many keys went.

    Keys that left a batch lately stay for a while: a late answer may still be about them.
    """
    con.execute(  # the many entries are read past the keys, and not the other way round
        f"create or replace temp table unused_keys as select key_id from {ledger}.activation_keys as k "
        f"anti join {ledger}.activation_entries as e using (key_id) where key_id not in ("
        f"select key_id from {ledger}.activation_superseded_keys as s join {ledger}.activation_batches as b using (batch_no) "
        f"where coalesce(b.answered_on, b.proposed_on) > coalesce($as_of, (select max(proposed_on) from {ledger}.activation_batches)) - {LATE_DAYS})",
        {"as_of": as_of},
    )
    unused = int(con.execute("select count(*) from unused_keys").fetchall()[0][0])
    if unused:
        for table in (
            "activation_keys",
            "activation_key_customers",
            "activation_superseded_keys",
            "activation_answers",
        ):
            con.execute(f"delete from {ledger}.{table} where key_id in (select key_id from unused_keys)")
    return unused


def list_statuses(settings: Settings) -> list[ListStatus]:
    """Every list with what its keys stand at."""
    with connect_state(settings, read_only=True) as con:
        keys = con.execute(
            f"select destination, audience, stands, count(*) from ({_stands()}) as s group by all order by all"
        ).fetchall()
        steps = con.execute(
            "select l.destination, l.audience, c.step, c.customer_count, c.place from activation_counts as c join activation_lists as l using (list_id) "
            "order by l.destination, l.audience, c.place"
        ).fetchall()
        refusals = con.execute(
            f"select destination, audience, stands || ': ' || coalesce(reason, 'not said'), count(*) from ({_stands()}) as s "
            "where stands in ('refused', 'removal refused') group by all order by all"
        ).fetchall()
        events = con.execute(
            "select l.destination, l.audience, b.note from activation_batches as b join activation_lists as l using (list_id) "
            "where b.operation in ('event', 'adjustment') and b.note is not null order by b.batch_no desc"
        ).fetchall()
        known = con.execute("select destination, audience from activation_lists order by all").fetchall()
    found = {(row[0], row[1]): ListStatus(row[0], row[1], {}, [], [], []) for row in known}
    for destination, audience, stands, count in keys:
        found[(destination, audience)].keys[stands] = count
    for destination, audience, step, count, place in steps:
        if place >= NOTES:
            found[(destination, audience)].notes.append(step)
        else:
            found[(destination, audience)].steps.append((step, count))
    for destination, audience, note in events:
        found[(destination, audience)].notes.append(note)
    for destination, audience, words, count in refusals:
        found[(destination, audience)].refusals.append((words, count))
    return list(found.values())


def _stands() -> str:
    """SQL: how each key of a list stands, one row per entry of the ledger."""
    return from_file(__name__, "stands")
