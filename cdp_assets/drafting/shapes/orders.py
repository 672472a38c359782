"""Orders: one row per order, from its own row or from its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdp_assets.drafting.money.case import TOTALS
from cdp_assets.drafting.money.wholes import says_whole
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import is_id
from cdp_assets.drafting.rows.conditions import Condition
from cdp_assets.drafting.shapes.model import (
    Model,
    amount,
    as_date,
    as_time,
    conditions_of,
    currency_sql,
    customer_sql,
    is_once,
    is_order,
    listed,
    name_of,
    once,
    taxless,
)
from cdp_assets.drafting.table import Field, Table
from cdp_assets.landing.typed.casts import sql_text

# an order\'s state is the first that a line has
OF_LINES = ("paid", "shipped", "completed", "refunded", "pending", "cancelled")


def draft(table: Table) -> Iterator[Model]:
    if not is_order(table):
        return
    order, moment, money = table.keys.order, table.moment, table.money
    assert order and moment
    stores = (f for f in table.all("store_id") if not f.column.is_blank)
    store = min(stores, key=lambda each: not is_id(each.column), default=None)
    currency, asked = currency_sql(table)
    status, asked_of_status = status_sql(table)
    at = once(table, moment.name, "min") or moment.name
    customer = customer_sql(table)
    borne = [f"(abs({amount(table, money.borne)}) - {discount_sql(table)})"] if money.borne else []
    platform = " + ".join([*(f"abs({amount(table, column)})" for column in money.platform), *borne])
    shipping = amount(table, money.shipping) if money.shipping else part_sql(table, "shipping")
    expressions = {
        "order_id": table.name(order),
        "source_customer_id": once(table, customer),
        "ordered_at": as_time(moment, at),
        "order_date": as_date(moment, at),
        "store_id": once(table, name_of(store)),
        "currency": currency if currency.startswith("'") else once(table, currency),
        "gross_amount": gross_sql(table),
        "discount_amount": discount_sql(table),
        "platform_discount_amount": platform or None,
        "creator_discount_amount": " + ".join(f"abs({amount(table, c)})" for c in money.creator) or None,
        "shipping_amount": f"{shipping} - abs({amount(table, money.shipping_off)})"
        if money.shipping_off
        else shipping,
        "tax_amount": _tax_sql(table),
        "other_amount": " + ".join(amount(table, column) for column in money.others) or None,
        "order_status": status,
        "fulfilment_type": "'store'" if store else "'delivery'",
    }
    questions = (
        [] if customer else ["source_customer_id: nothing names the customer; the orders stay anonymous"]
    )
    questions += [*_asked_of_rows(table), *_asked_of_amounts(table), *asked, *asked_of_status]
    yield Model(
        "orders",
        table,
        expressions,
        order_conditions(table),
        table.name(order) if table.keys.is_many else None,
        questions=tuple(questions),
    )


def _tax_sql(table: Table) -> str | None:
    """The tax, or what the order's amount with it is more than that without it."""
    money = table.money
    if money.tax is None and money.share is not None:
        return f"{amount(table, money.share.whole)} - {amount(table, money.share.part)}"
    taxes = [amount(table, column) for column in (money.tax, *money.more_taxes) if column]
    return " + ".join(taxes) or part_sql(table, "tax")


def part_sql(table: Table, kind: str) -> str | None:
    """What an order's rows of a kind sum to."""
    condition = table.rows.parts.get(kind)
    value = _value_on(table, condition) if condition else None
    if condition is None or value is None or not table.keys.is_many:
        return None
    return f"coalesce(sum(case when {condition.sql(table.name(condition.column))} then {value} end), 0)"


def _value_on(table: Table, condition: Condition) -> str | None:
    """What rows of a kind are worth: a line's amount where they have one, else another amount that stands on them."""
    rows = [row for row in range(len(condition.column.texts)) if condition.holds(row)]
    given = [c for c in table.roles.all(*TOTALS) if any(c.numbers[row] for row in rows if c.numbers)]
    total = table.money.total or next(iter(given), None)
    if all(any(c.numbers[row] for row in rows) for c in table.money.line):
        return line_sql(table) or (taxless(table, total) if total else None)
    return taxless(table, given[0]) if given else None


def order_conditions(table: Table) -> tuple[str, ...]:
    """Rows that are sales, of a numbered order, of some day."""
    order, moment = table.keys.order, table.moment
    found = list(conditions_of(table, table.rows.sales))
    if order and not order.is_filled:
        found.append(f"{table.name(order)} is not null")
    if moment and not table.keys.is_on_each_row(moment.column):
        found.append(f"{moment.name} is not null")
    return tuple(dict.fromkeys(found))


def _asked_of_rows(table: Table) -> list[str]:
    order, moment = table.keys.order, table.moment
    questions = []
    if order and not order.is_filled:
        questions.append(f"{table.name(order)}: rows without it are no order; they land and count nowhere")
    if moment and not table.keys.is_on_each_row(moment.column):
        questions.append(
            f"{moment.name}: rows without it are left out, as an order is of some day; name a time that every order has"
        )
    return questions


def line_sql(table: Table) -> str | None:
    """One line's amount before discount."""
    line = " * ".join(taxless(table, column) for column in table.money.line)
    more = "".join(f" + abs(coalesce({taxless(table, c)}, 0))" for c in table.money.discounts)
    return (f"({line}{more})" if table.money.is_after else line) if line else None


def gross_sql(table: Table) -> str:
    """The order's goods before discount."""
    line, total = line_sql(table), table.money.total
    if goods := part_sql(table, "goods"):
        return goods
    if line:
        return f"sum({line})" if table.keys.is_many else line
    assert total
    return _goods_of(table, total)


def _goods_of(table: Table, total: Column) -> str:
    """An order's total less what it holds beside goods, with its discounts put back."""
    less = "".join(f" - {amount(table, column)}" for column in table.money.inside)
    is_after = table.money.inside or table.money.is_after
    more = "".join(f" + abs({amount(table, c)})" for c in table.money.discounts) if is_after else ""
    if not (less or more):
        how = "max" if table.keys.is_once(total) else "sum"
        return once(table, taxless(table, total), how) or ""
    return f"{amount(table, total)}{more}{less}"


def discount_sql(table: Table, *, is_each: bool = False) -> str:
    """All that the seller took off an order, without sign."""
    money = table.money
    if money.payable:
        goods = table.rows.parts.get("goods")
        paid = amount(table, money.payable)
        if goods and not is_once(table, money.payable):  # what else stands on rows of its own is no goods
            paid = f"coalesce(sum(case when {goods.sql(table.name(goods.column))} then {taxless(table, money.payable)} end), 0)"
        whole = amount(table, money.whole) if money.whole else gross_sql(table)
        return f"({''.join([whole, *(f' + {amount(table, column)}' for column in money.on_top)])} - {paid})"
    found = [f"abs({amount(table, column, is_each=is_each)})" for column in money.discounts]
    found += [f"abs({part})"] if not is_each and (part := part_sql(table, "discount")) else []
    return f"({' + '.join(found)})" if len(found) > 1 else "".join(found) or "0"


def paid_sql(table: Table) -> tuple[str, str]:
    """What was paid of an order: an amount that calls itself a whole, else goods less discount with what comes on top; and which it is."""
    money = table.money
    named = table.all("gross_amount", "net_amount", "payable_amount", "order_total")
    wholes = [f for f in named if f.is_number and says_whole(f.column, table.words) and any(f.column.numbers)]
    wholes = [f for f in wholes if f.column not in money.line] if table.keys.is_many else wholes
    wholes.sort(key=lambda f: not is_once(table, f.column))
    if wholes or money.payable:
        column = table.field(money.payable) if money.payable else wholes[0]
        return amount(table, column.column), f"{column.name} is taken as what was paid"
    return parts_sql(table), "goods less discount, with what comes on top"


def parts_sql(table: Table) -> str:
    """Goods less the seller's discount, with what comes on top: what others bore of it is paid, too, and is taken back with a return."""
    money = table.money
    parts = [c for c in (money.shipping, money.tax, *money.more_taxes, *money.others) if c]
    on_top = "".join(f" + {amount(table, column)}" for column in parts)
    off = f" - abs({amount(table, money.shipping_off)})" if money.shipping_off else ""
    return f"{gross_sql(table)} - {discount_sql(table)}{on_top}{off}"


def _asked_of_amounts(table: Table) -> list[str]:
    money, line = table.money, line_sql(table)
    if line:
        is_bare = len(money.line) == 1 and money.quantity is None and money.line[0] is money.price
        return (
            [f"gross_amount: the file has no quantity, so each row counts {line} once"]
            if is_bare
            else _asked_of_tax(table)
        )
    assert money.total
    name = table.name(money.total)
    how = "is taken"
    if table.keys.is_many:
        how = (
            "is the same on all rows of an order, so it counts once"
            if table.keys.is_once(money.total)
            else "is added up over an order's rows"
        )
    return [f"gross_amount: {name} {how}; it should be before discount, tax and shipping"]


def _asked_of_tax(table: Table) -> list[str]:
    """Prices may hold the tax that another column names."""
    money = table.money
    rate = table.first("tax_rate")
    tax = money.tax or (rate.column if rate else None)
    is_net = bool(money.line) and table.words.says("without_tax", money.line[-1].header)
    if tax is None or money.share or money.is_tax_on_top or is_net:
        return []
    return [f"tax_amount: is {tax.header!r} inside {money.line[-1].header!r}? then take it off the lines"]


def status_sql(table: Table) -> tuple[str, list[str]]:
    """What became of the order: cancelled by a time, a flag or any state; refunded by a state; else the main state's own word."""
    states = _states(table)
    main = states[0] if states else None
    questions: list[str] = []
    first: list[str] = []
    cancelled_at = table.first("cancelled_at", types=("timestamp", "date"))
    if cancelled_at:
        first.append(f"when {once(table, cancelled_at.name)} is not null then 'cancelled'")
        questions.append(f"order_status: an order with a {cancelled_at.name} is cancelled")
    flag = table.first("is_cancelled", types=("boolean",))
    if (
        flag
        and not table.keys.is_of_line(flag.column)
        and not any(c.column is flag.column for c in table.rows.sales)
    ):
        first.append(f"when {once(table, flag.name, 'bool_or')} then 'cancelled'")
        questions.append(f"order_status: {flag.name} says cancelled")
    others = [*states[1:], *(f for f in table.all("after_sales") if not f.column.is_blank)]
    for found, said in [*(_other_state(table, other) for other in others), _unpaid(table, states)]:
        first += found
        questions += said
    rest, asked = _stated(table, main)
    value = f"case {' '.join(first)} else {rest} end" if first else rest
    return value, [*questions, *asked]


def _states(table: Table) -> list[Field]:
    """Columns of an order's state: the one most of whose words are known first, as a number of a state says nothing."""

    def known(each: Field) -> float:
        words = table.words_of(each)
        return sum(table.words.status_of(word) is not None for word in words) / max(1, len(words))

    found = [f for f in table.all("order_status") if not f.column.is_blank and f.logical_type == "string"]
    return sorted(found, key=lambda each: -known(each))


def _other_state(table: Table, other: Field) -> tuple[list[str], list[str]]:
    """What a further state says against a sale; one of lines is the order's where all its lines say so."""
    words = table.words_of(other)
    unfinished = [w for w in words if table.words.says("unfinished", w)]
    of_line = table.keys.is_of_line(other.column)
    found, said = [], []
    for status in ("refunded",) if of_line else ("cancelled", "refunded"):
        against = [word for word in words_for(table, other, status) if word not in unfinished]
        told = f"{other.name} in ({listed(against)})"
        told = (
            f"bool_and(coalesce({told}, false))"
            if of_line
            else f"{once(table, other.name)} in ({listed(against)})"
        )
        found += [f"when {told} then '{status}'"] if against else []
        said += [_makes(other, against, status)] if against else []
    return found, [*said, *_not_understood(table, other, unfinished)]


def _not_understood(table: Table, state: Field, unfinished: Sequence[str]) -> list[str]:
    unknown = [w for w in table.words_of(state) if w in unfinished or not table.words.status_of(w)]
    named = ", ".join(map(repr, unknown))
    return [f"{state.name}: {named} is not understood; does it make a row no sale?"] if unknown else []


def _makes(state: Field, words: Sequence[str], status: str) -> str:
    return f"{state.name}: {', '.join(map(repr, words))} makes an order {status}"


def _unpaid(table: Table, states: Sequence[Field]) -> tuple[list[str], list[str]]:
    """A further state that says of a payment that it waits; what the main state calls off is not waited for."""
    found, said = [], []
    for other in states[1:]:
        is_paid = table.words.says("of_payment", other.column.header)
        waits = [
            word
            for word in words_for(table, other, "pending")
            if is_paid or table.words.says("of_payment", word)
        ]
        if waits and not table.keys.is_of_line(other.column):
            found.append(f"when {once(table, other.name)} in ({listed(waits)}) then 'pending'")
            said.append(_makes(other, waits, "pending"))
    if not found:
        return [], []
    off = {kind: words_for(table, states[0], kind) for kind in ("cancelled", "refunded")}
    name = once(table, states[0].name)
    before = [f"when {name} in ({listed(words)}) then '{kind}'" for kind, words in off.items() if words]
    return [*before, *found], said


def _stated(table: Table, main: Field | None) -> tuple[str, list[str]]:
    if main is None:
        return "'completed'", ["order_status: the file has none, every order counts as completed"]
    value = once(table, main.name) or main.name
    words = table.words_of(main)
    known = {word: status for word in words if (status := table.words.status_of(word))}
    unknown = [word for word in words if word not in known]
    told = "; ".join(f"{word!r} is {status}" for word, status in known.items())
    said = [f"order_status: by {main.name}: {told or 'no word is known'}; see that the words mean that"]
    if unknown:
        said.append(
            f"order_status: {', '.join(map(repr, unknown))} of {main.name} is not understood; orders of a word that dbt_project.yml does not know "
            "are parked: say there what it means"
        )
    if not known:
        return f"lower({value})", said
    if table.keys.is_many and table.keys.is_of_line(main.column):
        said.append(
            f"order_status: {main.name} differs within an order, which is of the first of {', '.join(OF_LINES)} that a line says"
        )
        return _of_any_line(main.name, known, value), said
    cases = " ".join(f"when {sql_text(word)} then '{status}'" for word, status in known.items())
    return f"case {value} {cases} else lower({value}) end", said


def words_for(table: Table, state: Field, status: str) -> list[str]:
    """The words of a column that mean a status."""
    return [word for word in table.words_of(state) if table.words.status_of(word) == status]


def _of_any_line(name: str, known: Mapping[str, str], value: str) -> str:
    """An order's state by those of its lines."""
    by_status = {status: [word for word, other in known.items() if other == status] for status in OF_LINES}
    cases = [
        f"when bool_or({name} in ({listed(words)})) then '{status}'"
        for status, words in by_status.items()
        if words
    ]
    return f"case {' '.join(cases)} else lower({value}) end"
