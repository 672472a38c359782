"""An audience as one SQL statement with bound values over the published file: its rules, and those that it is made of.

The statement gives one row per customer: customer_no (the row's number in this generation), customer_id, one column per rule of the
waterfall (r1, r2, …), is_profiled, is_suppressed, country and sort_value. What consent and reach do to it is `waterfall`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cdp_assets.activation.audience import FAMILIES, Audience
from cdp_assets.activation.library import Library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.rules import Columns, Context, Named, predicate
from cdp_assets.activation.standing import consent_relations, holdout_sql
from cdp_assets.sql_text import identifier


@dataclass(frozen=True)
class Statement:
    """One compiled audience. `rules` are the places of r1, r2, … in the YAML; `order` is SQL to sort by; `named`: texts that its rules name."""

    name: str
    sql: str
    values: Mapping[str, object]
    rules: tuple[str, ...]
    order: str
    needs_contact_file: bool
    named: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Part:
    """One audience of a statement about several, as SQL over a row of `customers`. `rules`, `order` and `named` are as in Statement."""

    name: str
    rules: tuple[str, ...]
    flags: tuple[str, ...]
    suppressed: str
    sort_value: str
    order: str
    named: tuple[Named, ...]

    @property
    def look_ups(self) -> int:
        """How many sets of customers the engine builds for it."""
        return sum(each.count(" in (select ") for each in (*self.flags, self.suppressed))


@dataclass(frozen=True)
class Together:
    """Several audiences over one reading of `customers`: `common` goes before `select`, `source` after `from`."""

    common: str
    source: str
    parts: tuple[Part, ...]
    values: Mapping[str, object]
    needs_contact_file: bool


def compile_audience(
    name: str, library: Library, columns: Columns, as_of: date, *, contact_schema: str = "contact"
) -> Statement:
    """Compile an audience of the library. Raises ActivationProblem: unknown audience, cycle, unknown mart or column, wrong type."""
    made = compile_together([name], library, columns, as_of, contact_schema=contact_schema)
    (its,) = made.parts
    select = ", ".join(
        [
            "customers.rowid as customer_no",
            "customers.customer_id",
            *(f"{flag} as r{number}" for number, flag in enumerate(its.flags, start=1)),
            "customers.is_profiled",
            f"{its.suppressed} as is_suppressed",
            "customers.country",
            f"{its.sort_value} as sort_value",
        ]
    )
    sql = f"{made.common}select {select} from {made.source}"
    return Statement(name, sql, made.values, its.rules, its.order, made.needs_contact_file, its.named)


def compile_together(
    names: Sequence[str],
    library: Library,
    columns: Columns,
    as_of: date,
    *,
    contact_schema: str = "contact",
) -> Together:
    """Compile audiences for one statement: those that they are made of are worked out once. Raises ActivationProblem as `compile_audience` does."""
    context = Context(columns, "", contact_schema)
    inner_ones = _in_order(names, library)
    made_of = _queries(dict.fromkeys([*inner_ones, *names]), library)
    for inner in inner_ones:
        context.where = f"audience {inner}"
        made_of.append(
            f"{identifier(f'audience {inner}')} as ({_members_sql(inner, library, context, as_of)})"
        )
    parts = [_part(name, library, context) for name in names]
    common = f"with {', '.join(made_of)} " if made_of else ""
    source = f"marts.customers as customers{context.joins()}"
    context.values["as_of"] = as_of
    written = [common, *(text for each in parts for text in (*each.flags, each.suppressed))]
    values = {
        key: value
        for key, value in context.values.items()
        if key != "as_of" or any("$as_of" in text for text in written)
    }
    return Together(common, source, tuple(parts), values, context.needs_contact_file)


def _queries(names: Iterable[str], library: Library) -> list[str]:
    """The project's own queries, each by itself: a column that one of them lacks must not be found among those of `customers` around it."""
    own = [name for name in names if library.audience(name).who is None]
    return [f"{_query(name)} as ({library.sql(name)})" for name in own]


def _query(name: str) -> str:
    return identifier(f"query of {name}")


def _part(name: str, library: Library, context: Context) -> Part:
    audience = library.audience(name)
    context.where = f"audience {name}"
    context.named.clear()  # those of other audiences are told of with them
    rules, flags = _flags(name, audience, library, context)
    sort_value, order = _ordering(audience, context)
    return Part(
        name, tuple(rules), tuple(flags), _suppressed(audience), sort_value, order, tuple(context.named)
    )


def _flags(name: str, audience: Audience, library: Library, context: Context) -> tuple[list[str], list[str]]:
    """(places, predicates) of the rules of the waterfall."""
    if audience.who is None:
        # an empty id among them would leave "not in" unknown, and unknown leaves nobody out
        chosen = f"select chosen.customer_id::varchar from {_query(name)} as chosen where chosen.customer_id is not null"
        return ["sql"], [f"customers.customer_id in ({chosen})"]
    placed = audience.top_rules()
    return [place for place, _ in placed], [
        predicate(rule, context, place.rpartition(".")[0]) for place, rule in placed
    ]


def _members_sql(name: str, library: Library, context: Context, as_of: date) -> str:
    """Customers who stand before the last member of another audience in its order (all whom its rules choose, where it has no top N), and is_member.

    Members are those whom it means tonight: its rules hold, and its dates; they may be profiled, are not left out, granted its purpose with a contact that can be
    reached, are neither held out nor beyond its top N. What single destinations make of them is not asked.
    """
    audience = library.audience(name)
    _, flags = _flags(name, audience, library, context)
    holds = [] if audience.valid.holds(as_of) else ["false"]
    sort_value, order = _ordering(audience, context)
    join = context.joins()
    _, reachable = consent_relations(audience.purpose, as_of)
    held_out = "false"
    if audience.holdout:
        held_out = holdout_sql(audience.holdout.experiment or name, audience.holdout.share)
    chosen = (
        f"select customers.customer_id, {sort_value} as sort_value, customers.is_profiled and not ({_suppressed(audience)}) as is_open "
        f"from marts.customers as customers{join} where {' and '.join([*holds, *flags])}"
    )
    asked = f"select customer_id, sort_value, is_open and customer_id in ({reachable}) and not {held_out} as is_meant from ({chosen}) as chosen"
    if audience.top is None:
        return f"select customer_id, is_meant as is_member from ({asked}) as asked"
    counted = f"sum(is_meant::integer) over (order by {order} rows unbounded preceding)"
    ranked = f"select customer_id, is_meant, {counted} as meant_so_far from ({asked}) as asked"
    return (
        f"select customer_id, is_meant as is_member from ({ranked}) as ranked "
        f"where meant_so_far < {audience.top} or meant_so_far = {audience.top} and is_meant"
    )


def _suppressed(audience: Audience) -> str:
    """Whether an audience leaves a customer out: who is in another one, or would be in it but for consent, reach or a holdout."""
    return (
        " or ".join(
            f"customers.customer_id in (select customer_id from {identifier(f'audience {each}')})"
            for each in audience.suppress
        )
        or "false"
    )


def _ordering(audience: Audience, context: Context) -> tuple[str, str]:
    """(expression, order by) of what customers are sorted by."""
    if audience.order_by is None:
        return "null::double", "customer_id"
    family, column = audience.order_by.column
    table = FAMILIES[family]
    context.column_type(table, column, f"order_by.{family}")
    word = "desc" if audience.order_by.direction == "descending" else "asc"
    order = f"sort_value {word} nulls last, customer_id"
    if table != "customers":
        context.beside.add(table)
    return f"{table}.{identifier(column)}", order


def _in_order(names: Sequence[str], library: Library) -> list[str]:
    """Names of the audiences that some are made of, each after those that it needs. Raises ActivationProblem for a cycle."""
    done: list[str] = []

    def visit(each: str, above: tuple[str, ...]) -> None:
        if each in above:
            circle = " → ".join([*above[above.index(each) :], each])
            raise ActivationProblem(
                f"audiences are made of each other: {circle}", f"audience {above[0]}", "take one of them out"
            )
        if each in done:
            return
        for inner in library.audience(each).references():
            visit(inner, (*above, each))
        done.append(each)

    for name in names:
        for inner in library.audience(name).references():
            visit(inner, (name,))
    return done
