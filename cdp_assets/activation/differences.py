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
from cdp_assets.activation.reach import LEDGER
from cdp_assets.sql_text import from_file


def desire(con: duckdb.DuckDBPyConnection, destination: Destination, lists: Sequence[List]) -> None:
    """desired: one row per list_id and key_id, with field_no, customer_no (the first member who yields it) and ends_on."""
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
        members = " union all ".join(
            f"select {each.list_id} as list_id, customer_no, place from {each.members}"
            for each in kept
            if each.keys == keys
        )
        con.execute(
            "insert into desired select m.list_id, k.key_id, any_value(k.field_no), arg_min(k.customer_no, m.place), "
            "case when bool_or(k.ends_on is null) then null else max(k.ends_on) end "
            f"from ({members}) as m join {keys} as k using (customer_no) group by m.list_id, k.key_id"
        )


def look_up(
    con: duckdb.DuckDBPyConnection, list_ids: Sequence[int], refresh_days: int | None, as_of: date
) -> None:
    """entries: the ledger's rows of these lists with what they stand at.

    stands: there (acknowledged), waiting (proposed), refused, gone (its batch was superseded) or removing, unremoved (removal refused or superseded).
    """
    listed = ", ".join(map(str, list_ids)) or "-1"
    due = f"a.answered_on <= date '{as_of}' - {refresh_days}" if refresh_days else "false"
    con.execute(from_file(__name__, "entries", ledger=LEDGER, due=due, listed=listed))


def compare(con: duckdb.DuckDBPyConnection, held: Sequence[int], *, are_letters: bool = False) -> None:
    """to_add (list_id, key_id, field_no, customer_no, ends_on), to_remove (list_id, key_id, field), superseded and rewritten_now (batch_no), for lists of deltas.

    `held`: lists to which nobody is added tonight; their removals go out all the same. `are_letters`: what is left of a pending batch waits on under its id.
    """
    con.execute(
        "create or replace temp table superseded as "
        "select distinct e.add_batch as batch_no from entries as e anti join desired as d on e.list_id = d.list_id and e.key_id = d.key_id "
        "where e.stands = 'waiting' "
        "union select distinct e.remove_batch from entries as e semi join desired as d on e.list_id = d.list_id and e.key_id = d.key_id "
        "where e.stands = 'removing'"
    )
    con.execute(
        "create or replace temp table rewritten_now as select distinct e.add_batch as batch_no from entries as e "
        "semi join desired as d on e.list_id = d.list_id and e.key_id = d.key_id "
        f"where {are_letters} and e.stands = 'waiting' and e.add_batch in (from superseded union all from lost_letters)"
    )
    con.execute("delete from superseded where batch_no in (from rewritten_now)")
    listed = ", ".join(map(str, held)) or "-1"
    con.execute(
        "create or replace temp table to_add as select d.* from desired as d "
        "left join entries as e on d.list_id = e.list_id and d.key_id = e.key_id "
        f"where d.list_id not in ({listed}) and (e.key_id is null or e.stands in ('gone', 'removing', 'unremoved') or e.is_due "
        "or (e.stands = 'waiting' and e.add_batch in (select batch_no from superseded)))"
    )
    con.execute(
        "create or replace temp table to_remove as select e.list_id, e.key_id, e.field from entries as e "
        "anti join desired as d on e.list_id = d.list_id and e.key_id = d.key_id "
        "where e.stands <> 'removing' or e.remove_batch in (select batch_no from superseded)"
    )


def compare_whole(con: duckdb.DuckDBPyConnection, held: Sequence[int]) -> None:
    """The same for lists that are replaced whole: where anything differs, to_add holds all that is desired, and pending files are superseded."""
    listed = ", ".join(map(str, held)) or "-1"
    con.execute("create or replace temp table rewritten_now (batch_no integer)")
    con.execute(
        "delete from desired as d using (select d.list_id, d.key_id from desired as d left join entries as e "
        f"on d.list_id = e.list_id and d.key_id = e.key_id where d.list_id in ({listed}) and (e.key_id is null or e.stands not in ('there', 'waiting'))) as new "
        "where d.list_id = new.list_id and d.key_id = new.key_id"
    )
    con.execute(
        "create or replace temp table changed as "
        "select distinct d.list_id from desired as d left join entries as e on d.list_id = e.list_id and d.key_id = e.key_id "
        "where e.key_id is null or e.stands in ('gone', 'removing', 'unremoved') or e.is_due "
        "union select distinct e.list_id from entries as e anti join desired as d on e.list_id = d.list_id and e.key_id = d.key_id "
        "where e.stands <> 'removing'"
    )
    con.execute(
        f"create or replace temp table superseded as select b.batch_no from {LEDGER}.activation_batches as b "
        "where b.status = 'pending' and b.list_id in (select list_id from changed)"
    )
    con.execute(
        "create or replace temp table to_add as select * from desired where list_id in (select list_id from changed)"
    )
    con.execute(
        "create or replace temp table to_remove as select e.list_id, e.key_id, e.field from entries as e "
        "anti join desired as d on e.list_id = d.list_id and e.key_id = d.key_id where e.list_id in (select list_id from changed)"
    )
