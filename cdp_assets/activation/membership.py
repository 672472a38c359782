"""Membership of audiences over time: who is in since when, and why people entered and left.

Members are those whom the audience's rules choose, who may be profiled, granted its purpose with a contact that can be reached, and are neither held out nor
beyond its top N. What single lists make of them (regions, caps, priorities) is not told here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from cdp_assets.activation.ledger import insert_rows
from cdp_assets.activation.lists import Chosen
from cdp_assets.activation.reach import LEDGER, Reach, agreed_customers
from cdp_assets.sql_text import from_file

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


@dataclass(frozen=True)
class Judged:
    """An audience that was chosen, with the places of its rules."""

    number: int
    chosen: Chosen
    rules: tuple[str, ...]


def judge(reach: Reach, audiences: Sequence[Judged]) -> None:
    """Put what changed in these audiences into membership_changes, in one pass over all of them."""
    con = reach.con
    con.execute("create or replace temp table judged (number integer, audience varchar, is_new boolean)")
    con.execute("create or replace temp table reasons (number integer, step smallint, reason varchar)")
    if not audiences:
        return
    con.execute(
        f"create or replace temp table stood as {' union all '.join(_stood(reach, each) for each in audiences)}"
    )
    for each in audiences:
        _beyond_top(con, each)
    _name_reasons(con, audiences, reach.as_of)
    con.execute(from_file(__name__, "members_before", ledger=LEDGER))
    con.execute(from_file(__name__, "members_entered", ledger=LEDGER, is_new=IS_NEW))
    con.execute(from_file(__name__, "members_leaving"))
    con.execute(from_file(__name__, "members_left", early=_early_steps(audiences)))


def _early_steps(audiences: Sequence[Judged]) -> str:
    """SQL of (number, customer_no, step) of those who leave: where rules, profiling and suppression leave each."""
    of_table: dict[str, list[Judged]] = {}
    for each in audiences:
        of_table.setdefault(each.chosen.stepped[0], []).append(each)
    parts = []
    for table, its in of_table.items():
        whens = " ".join(f"when {each.number} then {each.chosen.stepped[1]}" for each in its)
        numbers = ", ".join(str(each.number) for each in its)
        parts.append(
            f"select number, customer_no, case number {whens} end as step from members_leaving "
            f"join {table} using (customer_no) where number in ({numbers})"
        )
    return " union all ".join(parts)


def _stood(reach: Reach, judged: Judged) -> str:
    """SQL of the customers whom an audience chose, and the step at which each stands."""
    agreed = agreed_customers(reach, judged.chosen.audience.purpose)
    return (
        f"select {judged.number} as number, c.customer_no, c.customer_id, c.place, case when a.customer_no is null then 'consent' "
        "when not a.can_be_reached then 'reachable' when c.is_held_out then 'holdout' else 'member' end as step "
        f"from {judged.chosen.table} as c left join {agreed} as a using (customer_no)"
    )


def _beyond_top(con: duckdb.DuckDBPyConnection, judged: Judged) -> None:
    top, number = judged.chosen.audience.top, judged.number
    if top is not None:
        con.execute(
            f"update stood set step = 'top' where number = {number} and step = 'member' and place > (select max(place) from "
            f"(select place from stood where number = {number} and step = 'member' order by place limit {top}) as first_ones)"
        )


def _name_reasons(con: duckdb.DuckDBPyConnection, audiences: Sequence[Judged], as_of: date) -> None:
    """judged and reasons: the audiences, and the words for the steps that their rules are."""
    known = con.execute(f"select distinct audience from {LEDGER}.audience_history").fetchall()
    told = {row[0] for row in known}
    insert_rows(
        con, "judged", [(each.number, each.chosen.name, each.chosen.name not in told) for each in audiences]
    )
    rows: list[tuple[object, ...]] = []
    for each in audiences:
        is_valid = each.chosen.audience.valid.holds(as_of)
        steps = [*each.rules, "profiling", "suppressed"] if is_valid else ["valid"]
        rows += [(each.number, place, step) for place, step in enumerate(steps, start=1)]
    insert_rows(con, "reasons", rows)


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
