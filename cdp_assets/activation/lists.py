"""Lists: who is meant for one audience at one destination, and at which step everybody else stands.

Audiences are worked through in the order of their priorities; messages reserve contact as they go. What the ledger knows of the platform
is `differences`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import duckdb

from cdp_assets.activation.audience import Audience
from cdp_assets.activation.compiler import Statement
from cdp_assets.activation.destination import Destination
from cdp_assets.activation.pressure import pressed
from cdp_assets.activation.reach import LEDGER, Reach, dropped_contacts, granted_contacts, reachable_keys
from cdp_assets.activation.standing import holdout_sql
from cdp_assets.activation.waterfall import LATER, Step, steps_from_counts
from cdp_assets.identity.evidence.countries import country_sql
from cdp_assets.sql_text import literal


@dataclass(frozen=True)
class Chosen:
    """An audience's customers after rules, profiling and suppression: table (customer_no, customer_id, place, is_held_out).

    `early`: step number → customers whom it left out. `is_held`: the audience cannot be read any more, so nobody is added.
    """

    name: str
    audience: Audience
    table: str
    rules: tuple[str, ...]
    early: dict[int, int]
    is_held: bool = False


@dataclass
class List:
    """One list of this run. `members`: table (customer_no, place); `keys`: table (customer_no, key_id, field_no, ends_on)."""

    list_id: int
    destination: str
    chosen: Chosen
    members: str
    keys: str
    steps: list[Step]
    member_count: int
    dropped: int = 0
    notes: list[str] = field(default_factory=list)


def choose(
    con: duckdb.DuckDBPyConnection, number: int, statement: Statement, audience: Audience, as_of: date
) -> Chosen:
    """Fill the temporary tables base_<number> (customer_no, step), of everybody, and chosen_<number>, of whom no step left out so far."""
    base, table = f"base_{number}", f"chosen_{number}"
    rules = len(statement.rules)
    is_kept = "false"
    if con.execute("select count(*) from kept_customers").fetchall()[0][0]:
        # an order of theirs counted and is parked: their figures are not known, and nobody leaves for that
        is_kept = (
            "customer_id in (select customer_id from kept_customers where customer_id in ("
            f"select customer_id from {LEDGER}.audience_members where audience = {literal(statement.name)}))"
        )
    holds = audience.valid.holds(as_of)
    whens = [*(f"when not r{each} and not {is_kept} then {each}" if holds else f"when true then {each}" for each in range(1, rules + 1)),
             f"when not is_profiled then {rules + 1}", f"when is_suppressed then {rules + 2}"]  # fmt: skip
    con.execute(
        f"create or replace temp table {base} as select customer_no::integer as customer_no, step, "
        "case when step = 0 then customer_id end as customer_id, case when step = 0 then sort_value end as sort_value "
        f"from (select made.*, (case {' '.join(whens)} else 0 end)::smallint as step from ({statement.sql}) as made) as stepped",
        dict(statement.values),
    )
    counted = dict(con.execute(f"select step, count(*) from {base} group by step").fetchall())
    held_out = "false"
    if audience.holdout:
        held_out = holdout_sql(audience.holdout.experiment or statement.name, audience.holdout.share)
    con.execute(
        f"create or replace temp table {table} as select customer_no, customer_id, "
        f"row_number() over (order by {statement.order})::integer as place, {held_out} as is_held_out from {base} where step = 0"
    )
    return Chosen(statement.name, audience, table, statement.rules, {k: v for k, v in counted.items() if k})


def choose_as_before(con: duckdb.DuckDBPyConnection, number: int, name: str, audience: Audience) -> Chosen:
    """Members as the ledger knows them: of an audience that cannot be compiled any more. Consent still counts; nobody is added."""
    table = f"chosen_{number}"
    con.execute(
        f"create or replace temp table {table} as select c.rowid::integer as customer_no, c.customer_id, "
        "row_number() over (order by c.customer_id)::integer as place, false as is_held_out "
        f"from marts.customers as c join {LEDGER}.audience_members as m using (customer_id) "
        "where m.audience = $name and c.is_profiled",
        {"name": name},
    )
    return Chosen(name, audience, table, ("cannot be read",), {}, is_held=True)


def lists_of(
    reach: Reach, name: str, destination: Destination, chosen: list[Chosen], ids: dict[tuple[str, str], int]
) -> list[List]:
    """The lists of one destination, highest priority first, equal ones by name: whom an earlier one with a priority takes, a later one leaves."""
    con = reach.con
    con.execute("create or replace temp table taken (customer_no integer)")
    outside = _outside(reach, destination)
    tables: dict[tuple[str, ...], tuple[str, str, str]] = {}
    found = []
    for each in sorted(chosen, key=lambda one: (one.audience.priority or 1_000_000, one.name)):
        purposes = destination.purposes | {each.audience.purpose}
        wanted = tuple(sorted(purposes))
        if wanted not in tables:
            granted = granted_contacts(reach, frozenset(purposes), destination.regions.cross_border_for)
            keys = reachable_keys(reach, destination, granted)
            dropped = dropped_contacts(reach, destination, granted)
            tables[wanted] = (dropped, keys, _agreed(reach, granted, keys))
        dropped, keys, agreed = tables[wanted]
        list_id = ids[(name, each.name)]
        members, steps = _stage(reach, each, destination, list_id, outside, agreed)
        lost = con.execute(
            f"select count(*) from {dropped} where customer_no in (select customer_no from {each.table})"
        ).fetchall()[0][0]
        found.append(List(list_id, name, each, members, keys, steps, steps[-1].left, lost))
    return found


def _agreed(reach: Reach, granted: str, keys: str) -> str:
    """Table (customer_no, has_key) of customers who granted, each once, and whether a contact of theirs yields a key: one look-up per list."""
    name = reach.new_table("agreed")
    reach.con.execute(
        f"create temp table {name} as select g.customer_no, k.customer_no is not null as has_key "
        f"from (select distinct customer_no from {granted}) as g "
        f"left join (select distinct customer_no from {keys}) as k using (customer_no)"
    )
    return name


def _outside(reach: Reach, destination: Destination) -> str | None:
    """Table of customers whose country is not one of the destination's."""
    regions = destination.regions
    if regions.only is None and regions.except_ is None:
        return None
    table = reach.new_table("outside")
    unknown = "false" if regions.unknown == "keep" else "true"
    reach.con.execute(
        f"create temp table {table} as select customer_no from (select rowid::integer as customer_no, {country_sql('country')} as country "
        f"from marts.customers) as c where case when country is null then {unknown} else "
        "(not list_contains($only, country) and len($only) > 0) or list_contains($except, country) end",
        {"only": regions.only or [], "except": regions.except_ or []},
    )
    return table


def _stage(
    reach: Reach,
    chosen: Chosen,
    destination: Destination,
    list_id: int,
    outside: str | None,
    agreed: str,
) -> tuple[str, list[Step]]:
    """(table of members, steps): one pass over the audience's customers."""
    con, audience, rules = reach.con, chosen.audience, len(chosen.rules)
    number = {step: rules + place for place, step in enumerate(LATER, start=1)}
    whens = [f"when o.customer_no is not null then {number['region']}"] if outside else []
    whens += [
        f"when a.customer_no is null then {number['consent']}",
        f"when not a.has_key then {number['reachable']}",
        f"when c.is_held_out then {number['holdout']}",
    ]
    joins = f"left join {agreed} as a using (customer_no)"
    joins += f" left join {outside} as o using (customer_no)" if outside else ""
    if audience.priority is not None:
        joins += " left join (select distinct customer_no from taken) as t using (customer_no)"
        whens.append(f"when t.customer_no is not null then {number['priority']}")
    if audience.contact_cap is not None and destination.kind == "message":
        joins += f" left join ({pressed(audience, [list_id], reach.as_of)}) as p using (customer_no)"
        whens.append(f"when p.customer_no is not null then {number['cap']}")
    table, members = reach.new_table("stepped"), reach.new_table("members")
    con.execute(
        f"create temp table {table} as select c.customer_no, c.place, (case {' '.join(whens)} else 0 end)::smallint as step "
        f"from {chosen.table} as c {joins}"
    )
    if audience.top is not None:
        con.execute(
            f"update {table} set step = {number['top']} where step = 0 and place > (select max(place) from "
            f"(select place from {table} where step = 0 order by place limit {audience.top}) as first_ones)"
        )
    con.execute(f"create temp table {members} as select customer_no, place from {table} where step = 0")
    counted = dict(con.execute(f"select step, count(*) from {table} group by step").fetchall())
    con.execute(f"drop table {table}")
    if audience.priority is not None:
        con.execute(f"insert into taken select customer_no from {members}")
    if destination.kind == "message":
        con.execute(
            f"insert into pressure select customer_no, {list_id}, date '{reach.as_of}' from {members} "
            f"where customer_no not in (select customer_no from pressure where list_id = {list_id} "
            f"union all select customer_no from unanswered where list_id = {list_id})"
        )
    return members, steps_from_counts({**chosen.early, **counted}, chosen.rules, audience)
