"""Refunds: rows of their own, rows among the sales, or amounts and states on an order's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.shapes.model import (
    Model,
    as_date,
    as_time,
    conditions_of,
    currency_sql,
    is_order,
    is_return,
    listed,
    money_name,
    name_of,
    number,
    taxless,
)
from cdp_assets.drafting.shapes.order_lines import line_discount, paid_of_line, sku_of
from cdp_assets.drafting.shapes.orders import line_sql, order_conditions, parts_sql
from cdp_assets.drafting.table import Field, Table
from cdp_assets.drafting.times import is_after


def draft(table: Table) -> Iterator[Model]:
    if is_return(table):
        yield from _of_returns(table)
    elif is_order(table) and table.rows.refunds:
        yield _of_rows(table)
    elif is_order(table):
        yield from _of_orders(table)


def _of_returns(table: Table) -> Iterator[Model]:
    """The export is a list of returns, with a number and an amount of each."""
    own, moment = table.first("refund_id"), table.moment
    back = number(table, "refund_amount", "gross_amount", "line_amount")
    if not (own and moment and back):
        return
    currency, asked = currency_sql(table)
    rank = f"row_number() over (partition by {own.name} order by _load_id, _line)"
    order = table.keys.order or table.roles.first("order_id")
    expressions = {
        "refund_id": own.name if own.column.is_unique else f"{own.name} || ':' || cast({rank} as varchar)",
        "order_id": table.name(order) if order and order is not own.column else None,
        "source_customer_id": name_of(table.first("source_customer_id")),
        "refunded_at": as_time(moment),
        "refund_date": as_date(moment),
        "currency": currency,
        "amount": f"abs({money_name(table, back.column)})",
        "quantity": name_of(number(table, "quantity", "returned_quantity")),
        "sku": sku_of(table),
    }
    yield Model("refunds", table, expressions, questions=tuple(asked))


def _of_rows(table: Table) -> Model:
    """Refunds that are rows of their own among the sales; a reference names the sale that they belong to."""
    found = returned_rows(table)
    said = f"each row of these kinds gives back {found['amount']}; {found['order_id']} is taken as the order that it belongs to"
    return Model("refunds", table, found, conditions_of(table, table.rows.refunds), questions=(said,))


def returned_rows(table: Table) -> dict[str, str]:
    """Column of refunds → SQL on rows that give back; none where no row does."""
    order, moment, money = table.keys.order, table.moment, table.money
    if not (order and moment and table.rows.refunds):
        return {}
    own = table.name(order)
    sale = table.name(table.keys.reference) if table.keys.reference else own
    line = line_sql(table) or (taxless(table, money.total) if money.total else "0")
    less = f" - ({line_discount(table)})" if line_discount(table) else ""
    rows = [row for row, is_back in enumerate(table.rows.are_refunds(len(order.texts))) if is_back]
    stated = _stated(table, rows)
    of_goods = f"abs({taxless(table, stated)})" if stated else f"abs({line}){_sized(table, less)}"
    tax = "" if stated else _tax_back(table, rows)
    back = f"abs({money_name(table, stated)})" if stated else of_goods + (f" + {tax}" if tax else "")
    is_of_goods = bool(tax or line_sql(table)) and (not stated or stated is paid_of_line(table))
    goods = {"goods_amount": of_goods} if is_of_goods else {}
    when = _time_of_rows(table, moment, rows)
    return {
        "refund_id": own if sale != own else f"{own} || ':' || cast(_line as varchar)",
        "order_id": sale,
        "refunded_at": as_time(when),
        "refund_date": as_date(when),
        "currency": currency_sql(table)[0],
        "amount": back,
        **goods,
        **({"tax_amount": tax} if tax else {}),
    }


def _tax_back(table: Table, rows: Sequence[int]) -> str:
    """Tax that came on top of the lines, or was taken off them, and stands on rows that give back, too."""
    tax, share = table.money.tax, table.money.share
    is_paid = table.money.is_tax_on_top or (share and share.part is tax and line_sql(table))
    is_there = is_paid and tax and any(tax.numbers[row] for row in rows)
    return f"abs(coalesce({money_name(table, tax)}, 0))" if tax and is_there else ""


def _stated(table: Table, rows: Sequence[int]) -> Column | None:
    """The amount that stands on rows that give back: what was refunded or paid, or another one where the sales' own is blank there."""
    money = table.money

    def is_there(column: Column | None) -> bool:
        return column is not None and any(column.numbers[row] for row in rows if column.numbers)

    if is_there(money.refund) or line_sql(table):
        return money.refund if is_there(money.refund) else money.payable
    others = table.roles.all("gross_amount", "net_amount")
    return None if is_there(money.total) else next(filter(is_there, others), None)


def _time_of_rows(table: Table, moment: Field, rows: Sequence[int]) -> Field:
    """When rows that give back happened: on them the later one of several times, where the other is the order's."""
    for each in table.all("refunded_at", "ordered_at"):
        texts = [(each.column.texts[row], moment.column.texts[row]) for row in rows]
        is_later = all(map(all, texts)) and all(
            is_after(each.column.time, moment.column.time, *pair) for pair in texts
        )
        if each.is_time and is_later and not table.words.says("later", each.column.header):
            return each
    return moment


def _sized(table: Table, less: str) -> str:
    """A line's own discounts, each without its sign, as of what is given back they have another."""
    names = [taxless(table, column) for column in table.money.discounts if table.name(column) in less]
    return "".join(f" - abs(coalesce({name}, 0))" for name in names)


def _of_orders(table: Table) -> Iterator[Model]:
    """Refunds that stand on the order's own rows, one per order: by an amount, by a flag, else by a state of it."""
    order, moment = table.keys.order, table.moment
    assert order and moment
    only, back, said = _given_back(table)
    if not only:
        return
    if not table.money.refund and not table.first("was_refunded", types=("boolean",)) and _of_lines(table):
        goods, said = (
            _goods_back(table),
            f"lines whose state says refunded are taken as given back, {said.partition('taken as ')[2]}",
        )
        back = goods
    else:
        goods = None
    name = table.name(order)
    at, date, when = _refunded(table, moment)
    currency, _ = currency_sql(table)
    expressions = {
        "refund_id": f"{name} || ':refund'",
        "order_id": name,
        "refunded_at": at,
        "refund_date": date,
        "currency": currency if currency.startswith("'") else f"max({currency})",
        "amount": back,
        "goods_amount": goods,
    }
    yield Model(
        "refunds", table, expressions, (*order_conditions(table), only), name, questions=(f"{said}, {when}",)
    )


def _given_back(table: Table) -> tuple[str, str, str]:
    """Which rows, how much, and how that is said; nothing at all where no row says that it gives back."""
    refund, flag = table.money.refund, table.first("was_refunded", types=("boolean",))
    whole = _all_paid(table)
    amount_back = ""
    if refund:
        name = table.name(refund)
        amount_back = f"abs({'max' if table.keys.is_once(refund) else 'sum'}({money_name(table, refund)}))"
        only, said = f"{name} <> 0", f"{name}: taken as what was given back of the order"
        if not flag:
            return only, amount_back, said
        back = f"case when {amount_back} > 0 then {amount_back} else {whole} end"
        return (
            f"({flag.name} or {only})",
            back,
            f"{flag.name}: taken as given back, whole where {name} does not say how much",
        )
    if flag:
        return flag.name, whole, f"{flag.name}: taken as given back whole"
    found = _said_refunded(table)
    only = f"({' or '.join(found)})" if len(found) > 1 else "".join(found)
    return only, whole, "rows whose status says refunded are taken as given back whole"


def _all_paid(table: Table) -> str:
    """All that was paid for an order: goods less discount, with what came on top."""
    paid = parts_sql(table)
    return paid if table.keys.is_many else f"max({paid})"


def _goods_back(table: Table) -> str:
    """Goods of the lines that were given back, less their own discounts."""
    less = f" - abs({line_discount(table)})" if line_discount(table) else ""
    return f"sum({line_sql(table)}{less})"


def _of_lines(table: Table) -> bool:
    """Whether the states that say refunded are those of lines."""
    states = [f for f in table.all("order_status", "after_sales") if table.keys.is_of_line(f.column)]
    return bool(line_sql(table)) and any(_refunded_words(table, state) for state in states)


def _refunded_words(table: Table, state: Field) -> list[str]:
    found = [w for w in table.words_of(state) if table.words.status_of(w) == "refunded"]
    return [w for w in found if not table.words.says("unfinished", w)]


def _said_refunded(table: Table) -> list[str]:
    """One condition per column of statuses that has words for what was given back."""
    states = [
        f
        for f in table.all("order_status", "after_sales")
        if not f.column.is_blank and f.logical_type == "string"
    ]
    found = []
    for state in states:
        words = _refunded_words(table, state)
        found += [f"{state.name} in ({listed(words)})"] if words else []
    return found


def _refunded(table: Table, moment: Field) -> tuple[str, str, str]:
    """The refund's own time where the file has one, else the order's."""
    own = table.time("refunded_at")
    if own is None:
        at = f"min({moment.name})"
        return as_time(moment, at), as_date(moment, at), "on the order's own day, as the file says no other"
    at = f"coalesce(cast(max({own.name}) as timestamp), cast(min({moment.name}) as timestamp))"
    return at, f"cast({at} as date)", f"on the day of {own.name}"
