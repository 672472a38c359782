"""Membership of audiences over time: who is in since when, and why people entered and left.

Members are those whom the audience's rules choose, who may be profiled, granted its purpose with a contact that can be reached, and are neither held out nor
beyond its top N. What single lists make of them (regions, caps, priorities) is not told here.
"""

from __future__ import annotations

from datetime import date

import duckdb

from cdp_assets.activation.compiler import Statement
from cdp_assets.activation.lists import Chosen
from cdp_assets.activation.reach import LEDGER, Reach, agreed_customers
from cdp_assets.sql_text import from_file, literal

IS_NEW = "the audience is new"


def start(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables that gather what changes in a run."""
    con.execute(
        "create or replace temp table membership_changes (audience varchar, customer_id varchar, event varchar, reason varchar, "
        "other_customer_id varchar)"
    )
    con.execute(
        "create or replace temp table merged_into as select other_customer_id as customer_id, max(customer_id) as survivor "
        "from marts.customer_id_events where event = 'merged' group by other_customer_id"
    )


def judge(reach: Reach, number: int, chosen: Chosen, statement: Statement) -> None:
    """Add what changed in one audience to membership_changes (base_<number> and its chosen table are there)."""
    con, audience, name = reach.con, chosen.audience, chosen.name
    con.execute(
        "create or replace temp table stood as select c.customer_no, c.customer_id, c.place, case when a.customer_no is null then 'consent' "
        "when not a.can_be_reached then 'reachable' when c.is_held_out then 'holdout' else 'member' end as step "
        f"from {chosen.table} as c left join {agreed_customers(reach, audience.purpose)} as a using (customer_no)"
    )
    if audience.top is not None:
        con.execute(
            "update stood set step = 'top' where step = 'member' and place > (select max(place) from "
            f"(select place from stood where step = 'member' order by place limit {audience.top}) as first_ones)"
        )
    con.execute("create or replace temp table in_now as select customer_id from stood where step = 'member'")
    _entered(con, name)
    _left(con, name, number, statement, audience.valid.holds(reach.as_of))


def keep(con: duckdb.DuckDBPyConnection, generation: str, as_of: date, audiences: list[str]) -> None:
    """Take members and changes into state, inside the run's transaction. `audiences`: those that were judged; others stay as they were."""
    con.execute(
        f"insert into {LEDGER}.audience_history select audience, customer_id, event, reason, $as_of, $generation, other_customer_id "
        "from membership_changes order by audience, event, customer_id",
        {"as_of": as_of, "generation": generation},
    )
    con.execute(
        f"delete from {LEDGER}.audience_members as m using membership_changes as c "
        "where c.event = 'left' and m.audience = c.audience and m.customer_id = c.customer_id"
    )
    con.execute(
        f"insert into {LEDGER}.audience_members select audience, customer_id, $as_of, reason from membership_changes where event = 'entered'",
        {"as_of": as_of},
    )
    con.execute(
        f"insert into {LEDGER}.audience_history select audience, customer_id, 'left', 'the audience is gone', $as_of, $generation, null "
        f"from {LEDGER}.audience_members where not list_contains($audiences, audience)",
        {"as_of": as_of, "generation": generation, "audiences": audiences},
    )
    con.execute(
        f"delete from {LEDGER}.audience_members where not list_contains($audiences, audience)",
        {"audiences": audiences},
    )


def _entered(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Those who were no members: new with the audience, by a merge, back after what left them out, or since they meet the rules."""
    con.execute(
        from_file(__name__, "members_entered", ledger=LEDGER, is_new=IS_NEW),
        {"name": name},
    )


def _left(
    con: duckdb.DuckDBPyConnection, name: str, number: int, statement: Statement, is_valid: bool
) -> None:
    """Those who were members: gone, merged, or the first step that leaves them out now."""
    steps = [*statement.rules, "profiling", "suppressed"] if is_valid else ["valid"]
    whens = " ".join(f"when {place} then {literal(step)}" for place, step in enumerate(steps, start=1))
    con.execute(
        f"""
        insert into membership_changes
        with gone as (
            select m.customer_id, c.rowid::integer as customer_no
            from (select customer_id from {LEDGER}.audience_members where audience = $name) as m
            anti join in_now as n on m.customer_id = n.customer_id
            left join marts.customers as c on m.customer_id = c.customer_id
        )
        select
            $name, g.customer_id, 'left',
            case
                when g.customer_no is null and i.survivor is not null then 'merged'
                when g.customer_no is null then 'the customer is gone'
                else coalesce(s.step, case b.step {whens} end)
            end,
            i.survivor
        from gone as g
        left join base_{number} as b on g.customer_no = b.customer_no
        left join stood as s on g.customer_no = s.customer_no
        left join merged_into as i on g.customer_id = i.customer_id and g.customer_no is null
        """,
        {"name": name},
    )
