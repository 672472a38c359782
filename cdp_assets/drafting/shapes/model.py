"""A drafted staging model, and the SQL that several shapes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdp_assets.drafting.keys import nobody
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import own_id, plain_id
from cdp_assets.drafting.rows.conditions import Condition
from cdp_assets.drafting.table import SIGNS, Field, Table
from cdp_assets.drafting.words import currency_names, currency_of_country, currency_signs
from cdp_assets.landing.typed.casts import sql_text

PERSONS = ("email", "phone", "full_name", "given_name")


@dataclass(frozen=True)
class Model:
    """One staging model: an expression per column of its shape, over the rows of an export that meet the conditions.

    `picks`: the columns of the rows, where not all as they are; `newest_of`: (key, order) of which only the first row of each key counts.
    """

    shape: str
    table: Table
    expressions: Mapping[str, str | None]
    conditions: tuple[str, ...] = ()
    group_by: str | None = None
    newest_of: tuple[str, str] | None = None
    after: str = ""  # a condition on what is newest
    joins: str = ""
    picks: str = "*"
    comment: str = ""
    questions: tuple[str, ...] = ()

    @property
    def used(self) -> str:
        """All SQL of the model, for what it uses."""
        parts = [*filter(None, self.expressions.values()), *self.conditions, *(self.newest_of or ())]
        return " ".join([*parts, self.picks, self.after, self.joins])


def conditions_of(table: Table, conditions: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(_condition_sql(table, each) for each in conditions)


def _condition_sql(table: Table, condition: Condition) -> str:
    sql = condition.sql(table.name(condition.column))
    if condition.unless_all is None:
        return sql
    order = table.name(condition.unless_all)
    landed = f"{{{{ landed('{table.channel}', '{table.export}') }}}}"
    return f"({sql} or {order} not in (select {order} from {landed} as others where {sql} and {order} is not null))"


def is_order(table: Table) -> bool:
    """Whether the rows are orders or their lines: a number, a time and an amount, and no list of returns."""
    money = table.money
    has_amount = bool(money.line or money.total)
    return bool(table.keys.order and table.moment and has_amount and not is_return(table))


def is_return(table: Table) -> bool:
    """Whether the rows are returns, whatever they say of their orders."""
    return table.first("refund_id") is not None


def amount(table: Table, column: Column, *, is_each: bool = False) -> str:
    """SQL of an amount per order: once where it stands on each of the order's rows, else added up; of each row where `is_each`."""
    name = taxless(table, column)
    if is_each or not table.keys.is_many:
        return f"coalesce({name}, 0)"
    return f"coalesce(max({name}), 0)" if is_once(table, column) else f"sum(coalesce({name}, 0))"


def money_name(table: Table, column: Column) -> str:
    """A column's name; a hundredth of it where its header counts cents, and without the minus that sales have."""
    name = f"(-{table.name(column)})" if column.position in table.money.below else table.name(column)
    return f"({name} / 100.0)" if table.words.says("cents", column.header) else name


def taxless(table: Table, column: Column, sql: str = "") -> str:
    """A column's amount (or one of its objects', `sql`); what is left without tax where the column holds it."""
    name, share = sql or money_name(table, column), table.money.share
    if share is None or column.position not in share.of:
        return name
    whole, part = money_name(table, share.whole), money_name(table, share.part)
    left = part if share.is_left else f"({whole} - coalesce({part}, 0))"
    return f"coalesce({name} * {left} / nullif({whole}, 0), {name})"


def is_once(table: Table, column: Column) -> bool:
    return table.keys.is_once(column) and column.position not in table.money.of_rows


def once(table: Table, sql: str | None, aggregate: str = "max") -> str | None:
    """What an order's rows agree in, as one value."""
    return f"{aggregate}({sql})" if sql and table.keys.is_many else sql


def as_time(each: Field, sql: str | None = None) -> str:
    used = sql or each.name
    return used if each.logical_type == "timestamp" else f"cast({used} as timestamp)"


def as_date(each: Field, sql: str | None = None) -> str:
    used = sql or each.name
    return used if each.logical_type == "date" else f"{{{{ business_date('{used}') }}}}"


def number(table: Table, *roles: str) -> Field | None:
    return table.first(*roles, types=("number", "integer"))


def name_of(found: Field | None) -> str | None:
    return found.name if found else None


def customer_sql(table: Table) -> str | None:
    """The column that identifies the customer: an id, the natural key's pseudonym, else a plain `id` of a person.

    In a list of persons their own id goes before another's that several rows share, such as a company's account.
    """
    found = table.first("source_customer_id", "loyalty_id")
    is_list = table.keys.order is None and any(table.all(role) for role in PERSONS)
    own = own_id(table.roles) if is_list else None
    if own and not (found and found.column.is_unique):
        return table.name(own)
    if found is None:
        plain = plain_id(table.roles) if is_list else None
        return "_key_customer" if "naturalKeys" in table.facts else table.name(plain) if plain else None
    words = nobody(found.column, table.words)
    known = f"case when {found.name} not in ({listed(words)}) then {found.name} end" if words else found.name
    return f"coalesce({known}, _key_customer)" if "naturalKeys" in table.facts else known


def currency_sql(table: Table) -> tuple[str, list[str]]:
    """SQL of the currency of a row, and what to ask where the file has no column for it or a run would stop."""
    found = table.first("currency", types=("string",))
    if found and (found.column.position == SIGNS or any(map(currency_names().get, table.words_of(found)))):
        return _by_sign(table, found)
    if found:
        codes = {word.upper() for word in table.words_of(found)}
        if len(codes) == 1 and not table.keys.is_on_each_row(found.column) and not found.borrowed:
            code = next(iter(codes))
            said = f"currency: {found.name} stands on some rows only, the others are taken as {code}, too"
            return f"upper(coalesce({found.name}, '{code}'))", [said, *_without_rate(table, codes)]
        return f"upper({found.name})", _without_rate(table, codes)
    named, country = table.profile.currency or table.currency or _of_elements(table), _country(table)
    code = named or country or "USD"
    source = "of the one country that it names" if country else "the file names none"
    source = "the sample's headers, signs or objects say so" if named else source
    said = f"currency: '{code}' stands there ({source}); put the channel's own"
    return f"'{code}'", [said, *_without_rate(table, {code})]


def _of_elements(table: Table) -> str | None:
    """The one currency that the objects inside the file's cells name."""
    elements = [pair for each in table.fields for pair in each.column.elements.items()]
    found = {
        text
        for key, texts in elements
        for text in texts
        if table.words.role_of(key.split(".")[-1]) == "currency"
    }
    return found.pop() if len(found) == 1 else None


def _country(table: Table) -> str | None:
    """The currency of the one country that all rows name; None where there are several or none."""
    for each in table.all("country", "recipient_address"):
        if len(each.column.distinct) == 1 and each.column.is_filled:
            return currency_of_country(each.column.distinct[0])
    return None


def _by_sign(table: Table, found: Field) -> tuple[str, list[str]]:
    """The currency of each row by the sign of its amount."""
    known_signs = currency_names() | currency_signs()
    codes = {sign: known_signs.get(sign) for sign in found.column.distinct}
    likely = {sign: code or ("USD" if sign == "$" else None) for sign, code in codes.items()}
    known = {sign: code for sign, code in likely.items() if code}
    unsure = [sign for sign, code in codes.items() if code is None]
    said = f"currency: signs differ by row ({', '.join(found.column.distinct)}); each row has the currency of its sign"
    more = f"; {', '.join(unsure)} means several currencies: which one here?" if unsure else ""
    sql = f"case {found.name} {branches(known)} else {found.name} end" if known else found.name
    return sql, [said + more, *_without_rate(table, set(known.values()))]


def _without_rate(table: Table, codes: set[str]) -> list[str]:
    """A question where a run would stop, as money of these currencies cannot be added up."""
    missing = ", ".join(sorted(codes - table.rates)) if table.rates else ""
    said = f"currency: {missing} has no rate; add it to data/reference/fx_rates.csv before a run"
    return [said] if missing else []


def newest(key: str, moment: str | None) -> tuple[str, str]:
    """Of each key the newest row."""
    return key, (f"{moment} desc nulls last, " if moment else "") + "_load_id desc, _line desc"


def branches(words: dict[str, str]) -> str:
    """The branches of a case over words."""
    return " ".join(f"when {sql_text(word)} then '{meaning}'" for word, meaning in words.items())


def listed(words: Sequence[str]) -> str:
    """Words as SQL of an `in`."""
    return ", ".join(map(sql_text, words))


def filled(expressions: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """The expressions that are there."""
    yield from ((name, sql) for name, sql in expressions.items() if sql)
