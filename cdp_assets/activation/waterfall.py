"""From everybody to those who are reached: all → each rule → profiling → suppressed → consent → reachable → holdout → cap → top N.

Every customer stands at one step: the first that leaves them out, or `member`. How a list of one destination narrows this further
(regions, its identifiers, priorities) is said by `Terms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from cdp_assets.activation.audience import Audience
from cdp_assets.activation.compiler import Statement, Together, compile_audience, compile_together
from cdp_assets.activation.library import Library
from cdp_assets.activation.published_file import CONTACT_SCHEMA, PublishedFile
from cdp_assets.activation.standing import consent_relations, holdout_sql
from cdp_assets.keys import register_pseudonym

MEMBER = "member"
LATER = ("profiling", "suppressed", "region", "consent", "reachable", "holdout", "priority", "cap", "top")
"""Steps after the rules, in their order."""


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: how many it left out, and how many were left after it."""

    name: str
    left_out: int
    left: int


@dataclass(frozen=True)
class Terms:
    """Relations (SQL) that say who may be reached: each yields customer_id. `none_of` steps have no such relation."""

    consenting: str
    reachable: str
    in_region: str | None = None
    taken: str | None = None  # by an audience of higher priority
    capped: str | None = None


def waterfall(
    published: PublishedFile, library: Library, name: str, key: bytes, *, capped: str | None = None
) -> list[Step]:
    """The steps of one audience, counted. Raises ActivationProblem as `compile_audience` does."""
    stages = stage_audience(published, library, name, key, capped=capped)
    return count_steps(published.con, stages, len(compiled(published, library, name).rules), library, name)


def compiled(published: PublishedFile, library: Library, name: str) -> Statement:
    """An audience compiled for the open generation."""
    return compile_audience(name, library, published.columns, published.as_of, contact_schema=CONTACT_SCHEMA)


def compiled_together(published: PublishedFile, library: Library, names: Sequence[str]) -> Together:
    """Audiences compiled for one statement over the open generation."""
    return compile_together(names, library, published.columns, published.as_of, contact_schema=CONTACT_SCHEMA)


def stage_audience(
    published: PublishedFile, library: Library, name: str, key: bytes, *, capped: str | None = None
) -> str:
    """A temporary table: one row per customer, with step (number of the first that leaves them out, 0 for members) and place (rank).

    Returns its name. The audience's own purpose decides about consent; any e-mail, phone or platform id about reach.
    """
    audience = library.audience(name)
    statement = compiled(published, library, name)
    consenting, reachable = consent_relations(audience.purpose, published.as_of)
    make_stages(
        published.con, statement, audience, Terms(consenting, reachable, capped=capped), key, published.as_of
    )
    return "stages"


def make_stages(
    con: duckdb.DuckDBPyConnection,
    statement: Statement,
    audience: Audience,
    terms: Terms,
    key: bytes,
    as_of: date,
) -> None:
    """Fill the temporary table `stages` for one audience under the given terms."""
    register_pseudonym(con, key)
    con.execute(
        f"create or replace temp table stages as {stages_sql(f'({statement.sql})', statement, audience, terms, as_of)}",
        dict(statement.values),
    )


def stages_sql(base: str, statement: Statement, audience: Audience, terms: Terms, as_of: date) -> str:
    """One row per customer of `base` (what the statement gives): customer_id, sort_value, step, place."""
    rules = len(statement.rules)
    number = {step: rules + place for place, step in enumerate(LATER, start=1)}
    holds = audience.valid.holds(as_of)
    whens = [
        *(f"when {'not r' + str(each) if holds else 'true'} then {each}" for each in range(1, rules + 1)),
        f"when not is_profiled then {number['profiling']}",
        f"when is_suppressed then {number['suppressed']}",
    ]
    if terms.in_region:
        whens.append(_unless(terms.in_region, number["region"]))
    whens += [_unless(terms.consenting, number["consent"]), _unless(terms.reachable, number["reachable"])]
    if audience.holdout:
        experiment = audience.holdout.experiment or statement.name
        whens.append(f"when {holdout_sql(experiment, audience.holdout.share)} then {number['holdout']}")
    if terms.taken:
        whens.append(f"when customer_id in ({_ids(terms.taken)}) then {number['priority']}")
    if terms.capped:
        whens.append(f"when customer_id in ({_ids(terms.capped)}) then {number['cap']}")
    first = f"select customer_id, sort_value, case {' '.join(whens)} else 0 end as step from {base} as base"
    ranked = (
        f"select customer_id, sort_value, step, case when step = 0 then row_number() over "
        f"(partition by step = 0 order by {statement.order}) end as place from ({first}) as first_steps"
    )
    if audience.top is None:
        return f"select customer_id, sort_value, step::smallint as step, place from ({ranked}) as ranked"
    return (
        f"select customer_id, sort_value, (case when place > {audience.top} then {number['top']} else step end)::smallint as step, "
        f"place from ({ranked}) as ranked"
    )


def step_names(statement: Statement) -> list[str]:
    """Name of each step by its number; the first is `member`."""
    return [MEMBER, *statement.rules, *LATER]


def count_steps(
    con: duckdb.DuckDBPyConnection, stages: str, rules: int, library: Library, name: str
) -> list[Step]:
    """The waterfall of a table of stages; steps that an audience does not use are left away."""
    audience = library.audience(name)
    places = [place for place, _ in audience.top_rules()] or ["sql"]
    counted = dict(con.execute(f"select step, count(*) from {stages} group by step").fetchall())
    return steps_from_counts(counted, places[:rules], audience)


def steps_from_counts(counted: dict[int, int], places: Sequence[str], audience: Audience) -> list[Step]:
    """Steps in their order, from the number of customers at each."""
    left = sum(counted.values())
    steps = [Step("all", 0, left)]
    unused = {"region", "priority"}
    unused |= {"suppressed"} if not audience.suppress else set()
    unused |= {"holdout"} if audience.holdout is None else set()
    unused |= {"cap"} if audience.contact_cap is None else set()
    unused |= {"top"} if audience.top is None else set()
    for number, step in enumerate([*places, *LATER], start=1):
        out = counted.get(number, 0)
        if step in unused and not out:
            continue
        left -= out
        steps.append(Step(step, out, left))
    return steps


def sample_masked(
    con: duckdb.DuckDBPyConnection, stages: str = "stages", *, at_most: int = 20
) -> list[dict[str, Any]]:
    """Members as the marts show them, the first of the order first: masked name, e-mail and phone, place, sort value."""
    result = con.execute(
        f"select s.place, c.customer_id, c.masked_full_name, c.masked_email, c.masked_phone, c.country, c.city, "
        f"s.sort_value::varchar as sort_value from {stages} as s join marts.customers as c using (customer_id) "
        f"where s.step = 0 order by s.place limit {int(at_most)}"
    )
    names = [each[0] for each in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def overlap(published: PublishedFile, library: Library, name: str, key: bytes) -> list[dict[str, Any]]:
    """Per other audience: its members, those of both, and their share of this one's. Broken audiences are left out."""
    con = published.con
    stage_audience(published, library, name, key)
    con.execute("create or replace temp table own_members as select customer_id from stages where step = 0")
    own = con.execute("select count(*) from own_members").fetchall()[0][0]
    found = []
    for other in sorted(set(library.audiences) - {name}):
        try:
            stage_audience(published, library, other, key)
        except Exception as problem:
            if not type(problem).__module__.startswith("cdp_assets."):
                raise
            continue
        members, both = con.execute(
            "select count(*), count(*) filter (where customer_id in (select customer_id from own_members)) "
            "from stages where step = 0"
        ).fetchall()[0]
        found.append(
            {"audience": other, "members": members, "both": both, "share": both / own if own else None}
        )
    return sorted(found, key=lambda each: (-each["both"], each["audience"]))


def explain(
    published: PublishedFile,
    library: Library,
    name: str,
    customer_id: str,
    key: bytes,
    *,
    capped: str | None = None,
) -> tuple[str, list[tuple[str, bool]]] | None:
    """Why somebody is a member or not: (step, [(rule, is met)]); None where no such customer is published."""
    statement = compiled(published, library, name)
    con = published.con
    stage_audience(published, library, name, key, capped=capped)
    row = con.execute("select step from stages where customer_id = ?", [customer_id]).fetchall()
    if not row:
        return None
    flags = ", ".join(f"r{number}" for number in range(1, len(statement.rules) + 1))
    met = con.execute(
        f"select {flags} from ({statement.sql}) as base where customer_id = $wanted_customer",
        {**statement.values, "wanted_customer": customer_id},
    ).fetchall()[0]
    return step_names(statement)[row[0][0]], list(zip(statement.rules, map(bool, met), strict=True))


def _unless(relation: str, number: int) -> str:
    return f"when not customer_id in ({_ids(relation)}) then {number}"


def _ids(relation: str) -> str:
    return f"select customer_id from ({relation}) as chosen where customer_id is not null"
