"""Rules as SQL predicates over one row of `customers`, with bound values and columns checked against the published file.

Engine, file and order of audiences are not known here: `compiler` puts predicates together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from cdp_assets.activation.audience import (
    FAMILIES,
    Birthday,
    Comparison,
    Condition,
    Period,
    Purchases,
    Rule,
    Touches,
)
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.sql_text import identifier

Columns = Mapping[str, Mapping[str, str]]
"""Mart → column → DuckDB type, of the published file (and `customers_contact` where the contact file is open)."""

IN_CLEAR = "customers_contact"
_FORMS = {
    "is_": "{sql} = {value}",
    "is_not": "{sql} <> {value}",
    "at_least": "{sql} >= {value}",
    "at_most": "{sql} <= {value}",
    "more_than": "{sql} > {value}",
    "less_than": "{sql} < {value}",
    "contains": "contains(lower({sql}), lower({value}))",
    "starts_with": "starts_with(lower({sql}), lower({value}))",
}
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL")


@dataclass(frozen=True)
class Named:
    """A text that a rule names, of a published column."""

    place: str
    table: str
    column: str
    value: str


@dataclass
class Context:
    """What rules are compiled with: the columns of the file, and the values bound so far (shared by one statement).

    `named`: texts that rules name. `beside`: marts of one row per customer whose columns predicates read, each under its own name: `joins` has them beside customers.
    """

    columns: Columns
    where: str
    contact_schema: str = "contact"
    values: dict[str, object] = field(default_factory=dict)
    needs_contact_file: bool = False
    named: list[Named] = field(default_factory=list)
    beside: set[str] = field(default_factory=set)

    def joins(self) -> str:
        """SQL that follows `from marts.customers as customers`, of the marts that were read since the last call."""
        tables = sorted(self.beside)
        self.beside.clear()
        return "".join(
            f" left join marts.{each} as {each} on customers.customer_id = {each}.customer_id"
            for each in tables
        )

    def name(self, place: str, table: str, column: str, values: Iterable[object]) -> None:
        """Note texts that a rule names."""
        self.named += [Named(place, table, column, each) for each in values if isinstance(each, str)]

    def bind(self, value: object) -> str:
        """A parameter that holds the value; equal values share one."""
        for name, known in self.values.items():
            if type(known) is type(value) and known == value:
                return f"${name}"
        name = f"p{len(self.values) + 1}"
        self.values[name] = value
        return f"${name}"

    def column_type(self, table: str, column: str, place: str) -> str:
        """The type of a published column. Raises ActivationProblem where the file has no such table or column."""
        if table not in self.columns:
            raise ActivationProblem(
                f"the published file has no marts.{table}",
                f"{self.where}, {place}",
                "take the rule out, or publish that mart",
            )
        found = self.columns[table].get(column)
        if found is None:
            likely = ", ".join(sorted(set(self.columns[table]) - {"customer_id", "as_of_date"}))
            raise ActivationProblem(
                f"marts.{table} has no column {column!r}", f"{self.where}, {place}", f"it has {likely}"
            )
        return found

    def wrong_type(self, table: str, column: str, place: str, wanted: str) -> ActivationProblem:
        return ActivationProblem(
            f"marts.{table}.{column} is compared with something that is not {wanted}",
            f"{self.where}, {place}",
            f"give {wanted}",
        )


def predicate(rule: Rule, context: Context, place: str) -> str:
    """SQL that is true or false, never null, for one row of `customers`. Raises ActivationProblem with rule and column."""
    if rule.all is not None or rule.any is not None:
        word = "all" if rule.all is not None else "any"
        inner = [
            predicate(each, context, f"{place}.{word}[{number}]")
            for number, each in enumerate(rule.all or rule.any or (), start=1)
        ]
        return "(" + (" and " if word == "all" else " or ").join(inner) + ")"
    if rule.not_ is not None:
        return f"not {predicate(rule.not_, context, f'{place}.not')}"
    if rule.purchases is not None:
        return _purchases(rule.purchases, context, f"{place}.purchases")
    if rule.touches is not None:
        return _touches(rule.touches, context, f"{place}.touches")
    if rule.birthday is not None:
        return _birthday(rule.birthday, context, f"{place}.birthday")
    if rule.audience is not None:
        return f"customers.customer_id in (select customer_id from {identifier(f'audience {rule.audience}')} where is_member)"
    return _family(rule, context, place)


def _family(rule: Rule, context: Context, place: str) -> str:
    family = str(rule.kind)
    conditions: dict[str, Condition] = getattr(rule, family)
    table = FAMILIES[family]
    found = [
        _condition(table, column, condition, context, f"{place}.{family}.{column}")
        for column, condition in conditions.items()
    ]
    both = " and ".join(found)
    if table == "customers":
        return f"({both})"
    context.beside.add(table)
    return f"({table}.customer_id is not null and {both})"


def _condition(table: str, column: str, condition: Condition, context: Context, place: str) -> str:
    kind = context.column_type(table, column, place)
    if not isinstance(condition, Comparison):
        listed = condition if isinstance(condition, list) else [condition]
        condition = Comparison.model_validate({"in": listed})
    sql = f"{table}.{identifier(column)}"

    def bound(value: object) -> str:
        return context.bind(_typed(value, kind, context.wrong_type(table, column, place, _wanted(kind))))

    if kind == "VARCHAR":
        whole = (condition.is_, condition.is_not, *(condition.in_ or ()), *(condition.not_in or ()))
        context.name(place, table, column, whole)
    if kind != "VARCHAR" and (condition.contains is not None or condition.starts_with is not None):
        raise context.wrong_type(table, column, place, "a column of texts")
    parts = [
        form.format(sql=sql, value=bound(value))
        for name, form in _FORMS.items()
        if (value := getattr(condition, name)) is not None
    ]
    for name, word in (("in_", "in"), ("not_in", "not in")):
        if values := getattr(condition, name):
            parts.append(f"{sql} {word} ({', '.join(bound(each) for each in values)})")
    parts += _days(
        condition, sql, kind, context, context.wrong_type(table, column, place, "a column of dates")
    )
    if condition.is_known is not None:
        parts.append(f"{sql} is {'not ' if condition.is_known else ''}null")
    return f"coalesce({' and '.join(parts)}, false)"


def _days(wanted: Comparison, sql: str, kind: str, context: Context, wrong: ActivationProblem) -> list[str]:
    if wanted.within_days is None and wanted.older_than_days is None:
        return []
    if kind not in ("DATE", "TIMESTAMP"):
        raise wrong
    parts = []
    if wanted.within_days is not None:
        days = context.bind(wanted.within_days)
        parts.append(f"({sql}::date > $as_of - {days}::integer and {sql}::date <= $as_of)")
    if wanted.older_than_days is not None:
        parts.append(f"{sql}::date < $as_of - {context.bind(wanted.older_than_days)}::integer")
    return parts


def _typed(value: object, kind: str, wrong: ActivationProblem) -> object:
    """The value, if it can be compared with a column of this type; a text that holds a date becomes one."""
    if kind == "BOOLEAN":
        is_right = isinstance(value, bool)
    elif kind.startswith(_NUMBERS):
        is_right = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind in ("DATE", "TIMESTAMP"):
        try:
            return value if isinstance(value, date) else datetime.fromisoformat(str(value)).date()
        except ValueError:
            raise wrong from None
    else:
        is_right = isinstance(value, str)
    if not is_right:
        raise wrong
    return value


def _wanted(kind: str) -> str:
    if kind == "BOOLEAN":
        return "true or false"
    if kind.startswith(_NUMBERS):
        return "a number"
    return "a date" if kind in ("DATE", "TIMESTAMP") else "a text (quote it)"


def _period(period: Period, sql: str, context: Context) -> list[str]:
    parts = []
    if period.within_days is not None:
        parts.append(f"{sql} > $as_of - {context.bind(period.within_days)}::integer")
        parts.append(f"{sql} <= $as_of")
    if period.from_ is not None:
        parts.append(f"{sql} >= {context.bind(period.from_)}")
    if period.to is not None:
        parts.append(f"{sql} <= {context.bind(period.to)}")
    return parts


def _among(table: str, column: str, values: list[str] | None, context: Context, place: str) -> list[str]:
    if not values:
        return []
    context.column_type(table, column, place)
    context.name(place, table, column, values)
    return [f"{table}.{identifier(column)} in ({', '.join(context.bind(each) for each in values)})"]


def _purchases(wanted: Purchases, context: Context, place: str) -> str:
    wheres = [
        "orders.customer_id is not null",
        "orders.is_sale",
        *_period(wanted, "orders.order_date", context),
    ]
    wheres += _among("orders", "store_id", wanted.store, context, place)
    wheres += _among("orders", "channel", wanted.channel, context, place)
    source = "marts.orders as orders"
    if wanted.names_goods:
        source += " join marts.order_lines as order_lines using (channel, order_id)"
        wheres += ["order_lines.is_goods", "order_lines.is_sale"]
        wheres += _among("order_lines", "category", wanted.category, context, place)
        wheres += _among("order_lines", "sku", wanted.sku, context, place)
    if wanted.brand or wanted.product_code:
        source += " join marts.products as products on order_lines.channel = products.channel and order_lines.sku = products.sku"
        wheres += _among("products", "brand", wanted.brand, context, place)
        wheres += _among("products", "product_code", wanted.product_code, context, place)
    counted = "count(distinct (orders.channel, orders.order_id))" if wanted.names_goods else "count(*)"
    having = [f"{counted} >= {context.bind(wanted.orders_at_least)}"]
    if wanted.orders_at_most is not None:
        having.append(f"{counted} <= {context.bind(wanted.orders_at_most)}")
    if wanted.net_revenue_at_least is not None:
        having.append(f"sum(orders.net_revenue) >= {context.bind(wanted.net_revenue_at_least)}")
    return (
        f"customers.customer_id in (select orders.customer_id from {source} where {' and '.join(wheres)} "
        f"group by orders.customer_id having {' and '.join(having)})"
    )


def _touches(wanted: Touches, context: Context, place: str) -> str:
    wheres = ["touchpoints.customer_id is not null", *_period(wanted, "touchpoints.touch_date", context)]
    for column in ("touch_type", "marketing_channel", "channel", "source", "medium", "campaign"):
        wheres += _among("touchpoints", column, getattr(wanted, column), context, place)
    if wanted.is_paid is not None:
        wheres.append(f"touchpoints.is_paid = {context.bind(wanted.is_paid)}")
    return (
        f"customers.customer_id in (select touchpoints.customer_id from marts.touchpoints as touchpoints "
        f"where {' and '.join(wheres)} group by touchpoints.customer_id "
        f"having count(*) >= {context.bind(wanted.touches_at_least)})"
    )


def _birthday(wanted: Birthday, context: Context, place: str) -> str:
    """The next birthday, 29 February kept on 1 March in other years, lies at most n - 1 days after as_of_date."""
    if IN_CLEAR not in context.columns:
        raise ActivationProblem(
            "birthdays are in the contact file, which is not open here",
            f"{context.where}, {place}",
            "use the command line, or somebody who may see contacts",
        )
    context.needs_contact_file = True
    born = "people.birth_date"
    days = context.bind(wanted.within_days)
    coming = (
        f"list_contains(list_transform(range(0, {days}::bigint), "
        f"lambda ahead: strftime(($as_of + ahead::integer)::date, '%m-%d')), {{day}})"
    )
    leap = (
        f"strftime({born}, '%m-%d') = '02-29' and {coming.format(day=repr('03-01'))} "
        f"and not {coming.format(day=repr('02-29'))}"
    )
    is_due = coming.format(day=f"strftime({born}, '%m-%d')")
    return (
        f"customers.customer_id in (select people.customer_id from {context.contact_schema}.{IN_CLEAR} as people "
        f"where {born} is not null and ({is_due} or ({leap})))"
    )
