"""Lists: who is meant for one audience at one destination, and at which step everybody else stands.

Audiences are worked through in the order of their priorities; messages reserve contact as they go. What the ledger knows of the platform
is `differences`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from cdp_assets.activation.audience import Audience
from cdp_assets.activation.compiler import Part, Together
from cdp_assets.activation.destination import Destination
from cdp_assets.activation.pressure import pressed
from cdp_assets.activation.reach import (
    LEDGER,
    Reach,
    agreed_with_keys,
    dropped_contacts,
    granted_contacts,
    reachable_keys,
)
from cdp_assets.activation.standing import holdout_sql
from cdp_assets.activation.waterfall import LATER, Step, steps_from_counts
from cdp_assets.identity.evidence.countries import country_sql
from cdp_assets.sql_text import literal

_LATER = {step: place for place, step in enumerate(LATER, start=1)}


@dataclass(frozen=True)
class Chosen:
    """An audience's customers after rules, profiling and suppression: table (customer_no, customer_id, place, is_held_out).

    `early`: step number → customers whom it left out; `stepped`: a table with everybody's customer_no, and its column with the number. `is_held`: the audience
    cannot be read any more, so nobody is added.
    """

    name: str
    audience: Audience
    table: str
    rules: tuple[str, ...]
    early: dict[int, int]
    stepped: tuple[str, str] = ("", "")
    is_held: bool = False


@dataclass(frozen=True)
class _Terms:
    """Relations under which audiences of the same purposes come to a destination: see `dropped_contacts`, `reachable_keys`, `agreed_with_keys`, `_outside`."""

    dropped: str
    keys: str
    agreed: str
    outside: str | None


@dataclass
class List:
    """One list of this run. `keys`: relation (customer_no, key_id, field_no, ends_on); its members stand in `members` (list_id, customer_no, place)."""

    list_id: int
    destination: str
    chosen: Chosen
    keys: str
    steps: list[Step]
    member_count: int
    dropped: int = 0
    notes: list[str] = field(default_factory=list)


def choose(
    con: duckdb.DuckDBPyConnection,
    numbers: Sequence[int],
    together: Together,
    audiences: Sequence[Audience],
    as_of: date,
) -> list[Chosen]:
    """Fill the temporary tables early_<first number> (customer_no and, per audience, the step that leaves somebody out), of everybody in one reading, and
    chosen_<number>, of whom no step left out so far.
    """
    stepped = f"early_{numbers[0]}"
    has_kept = bool(con.execute("select count(*) from kept_customers").fetchall()[0][0])
    columns = []
    for number, part, audience in zip(numbers, together.parts, audiences, strict=True):
        columns.append(f"{_early_step(part, audience, as_of, has_kept)} as step_{number}")
        columns += [f"{part.sort_value} as sort_{number}"] if audience.order_by else []
    con.execute(
        f"create or replace temp table {stepped} as {together.common}select customers.rowid::integer as customer_no, customers.customer_id, "
        f"{', '.join(columns)} from {together.source}",
        dict(together.values),
    )
    return [
        _chosen(con, number, stepped, part, audience)
        for number, part, audience in zip(numbers, together.parts, audiences, strict=True)
    ]


def _early_step(part: Part, audience: Audience, as_of: date, has_kept: bool) -> str:
    """SQL of the number of the first step that leaves a customer out before consent is asked; 0: none."""
    is_kept = "false"
    if (
        has_kept
    ):  # an order of theirs counted and is parked: their figures are not known, and nobody leaves for that
        is_kept = (
            "customers.customer_id in (select customer_id from kept_customers where customer_id in ("
            f"select customer_id from {LEDGER}.audience_members where audience = {literal(part.name)}))"
        )
    holds, rules = audience.valid.holds(as_of), len(part.rules)
    whens = [
        f"when not {flag} and not {is_kept} then {place}" if holds else f"when true then {place}"
        for place, flag in enumerate(part.flags, start=1)
    ]
    whens += [f"when not customers.is_profiled then {rules + 1}", f"when {part.suppressed} then {rules + 2}"]
    return f"(case {' '.join(whens)} else 0 end)::smallint"


def _chosen(
    con: duckdb.DuckDBPyConnection, number: int, stepped: str, part: Part, audience: Audience
) -> Chosen:
    step, table = f"step_{number}", f"chosen_{number}"
    counted = dict(con.execute(f"select {step}, count(*) from {stepped} group by {step}").fetchall())
    held_out = "false"
    if audience.holdout:
        held_out = holdout_sql(audience.holdout.experiment or part.name, audience.holdout.share)
    sort_value = f", sort_{number} as sort_value" if audience.order_by else ""
    con.execute(
        f"create or replace temp table {table} as select customer_no, customer_id, "
        f"row_number() over (order by {part.order})::integer as place, {held_out} as is_held_out "
        f"from (select customer_no, customer_id{sort_value} from {stepped} where {step} = 0) as open_ones"
    )
    early = {place: count for place, count in counted.items() if place}
    return Chosen(part.name, audience, table, part.rules, early, (stepped, step))


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
    """The lists of one destination, highest priority first, equal ones by name: whom an earlier one with a priority takes, a later one leaves.

    Fills members (list_id, customer_no, place). Lists of which none decides about another are worked out together.
    """
    con = reach.con
    con.execute("create or replace temp table taken (customer_no integer)")
    con.execute("create or replace temp table members (list_id integer, customer_no integer, place integer)")
    outside = _outside(reach, destination)
    terms: dict[tuple[str, ...], _Terms] = {}
    together: dict[tuple[str, ...], list[Chosen]] = {}
    found = []
    for each in sorted(chosen, key=_turn):
        purposes = destination.purposes | {each.audience.purpose}
        wanted = tuple(sorted(purposes))
        if wanted not in terms:
            granted = granted_contacts(reach, frozenset(purposes), destination.regions.cross_border_for)
            keys = reachable_keys(reach, destination, granted)
            dropped = dropped_contacts(reach, destination, granted)
            terms[wanted] = _Terms(dropped, keys, agreed_with_keys(reach, granted, keys), outside)
        if destination.kind == "message" or each.audience.priority is not None:
            found += _stage(reach, destination, name, [each], ids, terms[wanted])
        else:
            together.setdefault(wanted, []).append(each)
    for wanted, its in together.items():
        found += _stage(reach, destination, name, its, ids, terms[wanted])
    return sorted(found, key=lambda one: _turn(one.chosen))


def _turn(chosen: Chosen) -> tuple[int, str]:
    """Highest priority first, equal ones by name."""
    return chosen.audience.priority or 1_000_000, chosen.name


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
    destination: Destination,
    name: str,
    chosen: list[Chosen],
    ids: dict[tuple[str, str], int],
    terms: _Terms,
) -> list[List]:
    """The lists of some audiences under the same terms, in one pass over their customers: one audience, or several of which none decides about another."""
    con = reach.con
    lists = {ids[(name, each.name)]: each for each in chosen}
    everybody = " union all ".join(
        f"select {number} as list_id, customer_no, place, is_held_out from {each.table}"
        for number, each in lists.items()
    )
    joins, whens = _later_steps(reach, destination, lists, terms)
    stepped = reach.new_table("stepped")
    con.execute(
        f"create temp table {stepped} as select c.list_id, c.customer_no, c.place, (case {' '.join(whens)} else 0 end)::smallint as step "
        f"from ({everybody}) as c {joins}"
    )
    for number, each in lists.items():
        if each.audience.top is not None:
            con.execute(
                f"update {stepped} set step = {_LATER['top']} where list_id = {number} and step = 0 and place > (select max(place) from "
                f"(select place from {stepped} where list_id = {number} and step = 0 order by place limit {each.audience.top}) as first_ones)"
            )
    con.execute(f"insert into members select list_id, customer_no, place from {stepped} where step = 0")
    counts: dict[int, dict[int, int]] = {number: {} for number in lists}
    for number, step, count in con.execute(
        f"select list_id, step, count(*) from {stepped} group by list_id, step"
    ).fetchall():
        counts[number][step] = count
    lost = dict(
        con.execute(
            f"select s.list_id, count(*) from {stepped} as s join {terms.dropped} as d using (customer_no) group by s.list_id"
        ).fetchall()
    )
    con.execute(f"drop table {stepped}")
    found = [
        _listed(number, name, each, terms.keys, counts[number], lost.get(number, 0))
        for number, each in lists.items()
    ]
    for listed in found:
        _decide_about_others(reach, destination, listed)
    return found


def _later_steps(
    reach: Reach, destination: Destination, lists: dict[int, Chosen], terms: _Terms
) -> tuple[str, list[str]]:
    """(joins, whens) of the steps that leave somebody out of a list after its audience chose. Priority and cap are asked of one audience at a time."""
    joins = f"left join {terms.agreed} as a using (customer_no)"
    whens = []
    if terms.outside:
        joins += f" left join {terms.outside} as o using (customer_no)"
        whens.append(f"when o.customer_no is not null then {_LATER['region']}")
    whens += [
        f"when a.customer_no is null then {_LATER['consent']}",
        f"when not a.has_key then {_LATER['reachable']}",
        f"when c.is_held_out then {_LATER['holdout']}",
    ]
    number, first = next(iter(lists.items()))
    if first.audience.priority is not None:
        joins += " left join (select distinct customer_no from taken) as t using (customer_no)"
        whens.append(f"when t.customer_no is not null then {_LATER['priority']}")
    if first.audience.contact_cap is not None and destination.kind == "message":
        joins += f" left join ({pressed(first.audience, [number], reach.as_of)}) as p using (customer_no)"
        whens.append(f"when p.customer_no is not null then {_LATER['cap']}")
    return joins, whens


def _decide_about_others(reach: Reach, destination: Destination, found: List) -> None:
    """Members of a list with a priority are taken; those of letters count as contacted. Of a list to which nobody is added tonight, only who is there."""
    con, audience, list_id = reach.con, found.chosen.audience, found.list_id
    members = f"(select customer_no from members where list_id = {list_id})"
    is_held = found.chosen.is_held or is_below_floor(destination, found)
    if audience.priority is not None and not is_held:
        con.execute(f"insert into taken select customer_no from {members} as m")
    elif audience.priority is not None and not _is_emptied(destination, found):
        con.execute(
            f"insert into taken select distinct customer_no from {members} as m join {found.keys} as k using (customer_no) "
            f"join {LEDGER}.activation_entries as e using (key_id) where e.list_id = {list_id}"
        )
    if destination.kind == "message" and not is_held:
        con.execute(
            f"insert into pressure select customer_no, {list_id}, date '{reach.as_of}' from {members} as m "
            f"where customer_no not in (select customer_no from pressure where list_id = {list_id} "
            f"union all select customer_no from unanswered where list_id = {list_id})"
        )


def is_below_floor(destination: Destination, found: List) -> bool:
    """Whether a list has members, and fewer than its destination's smallest list."""
    return 0 < found.member_count < (destination.smallest_list or 0)


def _is_emptied(destination: Destination, found: List) -> bool:
    return is_below_floor(destination, found) and destination.below_floor == "delete_list"


def _listed(
    list_id: int, name: str, chosen: Chosen, keys: str, counted: dict[int, int], dropped: int
) -> List:
    rules = len(chosen.rules)
    later = {rules + step if step else 0: count for step, count in counted.items()}
    steps = steps_from_counts({**chosen.early, **later}, chosen.rules, chosen.audience)
    return List(list_id, name, chosen, keys, steps, steps[-1].left, dropped)
