"""Membership of audiences over time: who is in since when, and why people entered and left.

Members are those whom the audience's rules choose, who may be profiled, granted its purpose with a contact that can be reached, and are neither held out nor
beyond its top N. What single lists make of them (regions, caps, priorities) is not told here.
"""

from __future__ import annotations

from datetime import date

import duckdb

from cdp_assets.activation.compiler import Statement
from cdp_assets.activation.lists import Chosen
from cdp_assets.activation.reach import LEDGER, Reach, granted_contacts
from cdp_assets.sql_text import from_file

IS_NEW = "the audience is new"


def start(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables that gather the members of a run."""
    con.execute("create or replace temp table members_now (audience varchar, customer_id varchar)")
    con.execute(
        "create or replace temp table membership_changes (audience varchar, customer_id varchar, event varchar, reason varchar, "
        "other_customer_id varchar)"
    )
    con.execute(
        "create or replace temp table merged_into as select other_customer_id as customer_id, max(customer_id) as survivor "
        "from marts.customer_id_events where event = 'merged' group by other_customer_id"
    )


def judge(reach: Reach, number: int, chosen: Chosen, statement: Statement) -> None:
    """Add one audience's members to members_now, and what changed to membership_changes (base_<number> and its chosen table are there)."""
    con, audience, name = reach.con, chosen.audience, chosen.name
    granted = granted_contacts(reach, frozenset({audience.purpose}), [])
    con.execute(
        "create or replace temp table stood as select c.customer_no, c.place, case "
        f"when c.customer_no not in (select customer_no from {granted}) then 'consent' "
        f"when c.customer_no not in (select g.customer_no from {granted} as g join holders as h using (customer_no, contact_no) "
        "where h.is_reachable) then 'reachable' when c.is_held_out then 'holdout' else 'member' end as step "
        f"from {chosen.table} as c"
    )
    if audience.top is not None:
        con.execute(
            "update stood set step = 'top' where step = 'member' and place > (select max(place) from "
            f"(select place from stood where step = 'member' order by place limit {audience.top}) as first_ones)"
        )
    con.execute(
        "create or replace temp table in_now as select c.customer_id from stood as s join marts.customers as c on c.rowid = s.customer_no "
        "where s.step = 'member'"
    )
    con.execute("insert into members_now select $name, customer_id from in_now", {"name": name})
    _entered(con, name)
    _left(con, name, number, statement)


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


def _left(con: duckdb.DuckDBPyConnection, name: str, number: int, statement: Statement) -> None:
    """Those who were members: gone, merged, or the first step that leaves them out now."""
    whens = " ".join(
        f"when not r{place} then '{rule}'" for place, rule in enumerate(statement.rules, start=1)
    )
    con.execute(
        f"""
        insert into membership_changes
        select
            $name, m.customer_id, 'left',
            case
                when b.customer_id is null and i.survivor is not null then 'merged'
                when b.customer_id is null then 'the customer is gone'
                when s.step is not null then s.step
                else case {whens} when not b.is_profiled then 'profiling' when b.is_suppressed then 'suppressed' else 'valid' end
            end,
            i.survivor
        from {LEDGER}.audience_members as m
        anti join in_now as n on m.customer_id = n.customer_id
        left join base_{number} as b on m.customer_id = b.customer_id
        left join stood as s on b.customer_no = s.customer_no
        left join merged_into as i on m.customer_id = i.customer_id and b.customer_id is null
        where m.audience = $name
        """,
        {"name": name},
    )
