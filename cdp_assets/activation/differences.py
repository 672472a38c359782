"""What a destination must be told: the keys that are desired against those that the ledger says may be there.

add = desired − acknowledged; remove = (ever proposed − removal acknowledged) − desired. What is pending stays as it is, unless it holds a key that is
not wanted any more: then the whole batch is superseded, and what is left of it goes into a new one; of letters it waits on under its id
(`rewriting`). Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from cdp_assets.activation.destination import Destination
from cdp_assets.activation.lists import List
from cdp_assets.activation.reach import LEDGER, Reach, shared_keys
from cdp_assets.sql_text import from_file


def desire(reach: Reach, destination: Destination, lists: Sequence[List]) -> None:
    """desired: one row per list_id and key_id, with field_no, customer_no (the first member who yields it) and ends_on.

    Only keys that several contacts or customers yield are gathered; of the others each is there once.
    """
    con = reach.con
    con.execute(
        "create or replace temp table desired (list_id integer, key_id bigint, field_no utinyint, customer_no integer, ends_on date)"
    )
    floor = destination.smallest_list or 0
    kept = [
        each
        for each in lists
        if each.member_count and not (each.member_count < floor and destination.below_floor == "delete_list")
    ]
    for keys in sorted({each.keys for each in kept}):
        listed = ", ".join(str(each.list_id) for each in kept if each.keys == keys)
        joined = f"from members as m join {keys} as k using (customer_no) where m.list_id in ({listed})"
        shared = f"(select key_id from {shared_keys(reach, keys)})"
        con.execute(
            f"insert into desired select m.list_id, k.key_id, k.field_no, m.customer_no, k.ends_on {joined} and k.key_id not in {shared}"
        )
        con.execute(
            "insert into desired select m.list_id, k.key_id, any_value(k.field_no), arg_min(k.customer_no, m.place), "
            f"case when bool_or(k.ends_on is null) then null else max(k.ends_on) end {joined} and k.key_id in {shared} "
            "group by m.list_id, k.key_id"
        )


def look_up(
    con: duckdb.DuckDBPyConnection, list_ids: Sequence[int], refresh_days: int | None, as_of: date
) -> None:
    """unlike: one row per list_id and key_id that is desired and not there, there and not desired, due, or not answered yet; in one pass over wish and ledger.

    is_desired with field_no, customer_no, ends_on; of what the ledger has: field, add_batch, remove_batch and stands: there (acknowledged), waiting (proposed), refused,
    gone (its batch was superseded) or removing, unremoved (removal refused or superseded). stands is null where the ledger has nothing.
    """
    listed = ", ".join(map(str, list_ids)) or "-1"
    due = f"a.answered_on <= date '{as_of}' - {refresh_days}" if refresh_days else "false"
    con.execute(from_file(__name__, "unlike", ledger=LEDGER, due=due, listed=listed))


NEEDED = "stands is null or stands in ('gone', 'removing', 'unremoved') or is_due"
"""Desired, and not on its way to the platform."""


def compare(con: duckdb.DuckDBPyConnection, held: Sequence[int], *, are_letters: bool = False) -> None:
    """to_add (list_id, key_id, field_no, customer_no, ends_on), to_remove (list_id, key_id, field, add_batch), superseded and rewritten_now (batch_no), for lists of deltas.

    `held`: lists to which nobody is added tonight; their removals go out all the same. `are_letters`: what is left of a pending batch waits on under its id.
    """
    con.execute(
        "create or replace temp table superseded as "
        "select distinct add_batch as batch_no from unlike where stands = 'waiting' and not is_desired "
        "union select distinct remove_batch from unlike where stands = 'removing' and is_desired"
    )
    con.execute(
        "create or replace temp table rewritten_now as select distinct add_batch as batch_no from unlike "
        f"where {are_letters} and is_desired and stands = 'waiting' and add_batch in (from superseded union all from lost_letters)"
    )
    con.execute("delete from superseded where batch_no in (from rewritten_now)")
    listed = ", ".join(map(str, held)) or "-1"
    con.execute(
        "create or replace temp table to_add as select list_id, key_id, field_no, customer_no, ends_on from unlike "
        f"where is_desired and list_id not in ({listed}) and ({NEEDED} "
        "or (stands = 'waiting' and add_batch in (select batch_no from superseded)))"
    )
    con.execute(
        "create or replace temp table to_remove as select list_id, key_id, field, add_batch from unlike "
        "where not is_desired and (stands <> 'removing' or remove_batch in (select batch_no from superseded))"
    )


def compare_whole(con: duckdb.DuckDBPyConnection, held: Sequence[int]) -> None:
    """The same for lists that are replaced whole: where anything differs, to_add holds all that is desired, and pending files are superseded."""
    listed = ", ".join(map(str, held)) or "-1"
    con.execute("create or replace temp table rewritten_now (batch_no integer)")
    con.execute(
        "create or replace temp table held_back as select list_id, key_id from unlike "
        f"where is_desired and list_id in ({listed}) and (stands is null or stands not in ('there', 'waiting'))"
    )
    con.execute(
        "create or replace temp table changed as select distinct list_id from unlike "
        "anti join held_back using (list_id, key_id) "
        f"where case when is_desired then {NEEDED} else stands <> 'removing' end"
    )
    con.execute(
        f"create or replace temp table superseded as select b.batch_no from {LEDGER}.activation_batches as b "
        "where b.status = 'pending' and b.list_id in (select list_id from changed)"
    )
    con.execute(
        "create or replace temp table to_add as select d.* from desired as d anti join held_back using (list_id, key_id) "
        "where d.list_id in (select list_id from changed)"
    )
    con.execute(
        "create or replace temp table to_remove as select list_id, key_id, field, add_batch from unlike "
        "where not is_desired and list_id in (select list_id from changed)"
    )
