"""Orders: one row per order, from its own row or from its lines."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import (
    Model,
    amount,
    as_date,
    as_time,
    conditions_of,
    currency_sql,
    customer_sql,
    is_order,
    items_of,
    listed,
    name_of,
    once,
)
from cdp_assets.drafting.table import Field, Table
from cdp_assets.landing.typed.casts import sql_text


def draft(table: Table) -> Iterator[Model]:
    if not is_order(table):
        return
    order, moment, money = table.keys.order, table.moment, table.money
    assert order and moment
    store = next((f for f in table.all("store_id") if not f.column.is_blank), None)
    currency, asked = currency_sql(table)
    status, asked_of_status = status_sql(table)
    at = once(table, moment.name, "min") or moment.name
    customer = customer_sql(table)
    platform = " + ".join(f"abs({amount(table, column)})" for column in money.platform)
    shipping = amount(table, money.shipping) if money.shipping else None
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
        "shipping_amount": f"{shipping} - abs({amount(table, money.shipping_off)})"
        if money.shipping_off
        else shipping,
        "tax_amount": amount(table, money.tax) if money.tax else None,
        "other_amount": amount(table, money.tip) if money.tip else None,
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
    return " * ".join(table.name(column) for column in table.money.line) or None


def gross_sql(table: Table) -> str:
    """The order's goods before discount."""
    items, line, total = items_of(table), line_sql(table), table.money.total
    if items and (found := item_amounts(table, items)):
        return found
    if line:
        return f"sum({line})" if table.keys.is_many else line
    assert total
    less = "".join(f" - {amount(table, column)}" for column in table.money.inside)
    more = "".join(f" + abs({amount(table, c)})" for c in table.money.discounts) if table.money.inside else ""
    whole = (
        amount(table, total)
        if less or more
        else once(table, table.name(total), "max" if table.keys.is_once(total) else "sum")
    )
    return f"{whole}{more}{less}"


def item_amounts(table: Table, items: Field) -> str | None:
    """Goods of the objects or parts inside a cell."""
    keys = amount_keys(table, items)
    if not keys:
        return None
    if items.column.is_packed:
        return f"{{{{ packed_total('{items.name}', {list(separators(items))}, {keys}) }}}}"
    return f"{{{{ element_total('{items.name}', {keys}) }}}}"


def separators(items: Field) -> tuple[str, str]:
    """What parts records, and what parts the parts of one record, in packed cells."""
    first, text = items.column.elements[0], next(t for t in items.column.bare)
    marks = [mark for mark in "|;," if mark in text]
    again = text.find(first, 1)
    between = next((t for t in items.column.bare if t.find(first, 1) > 0), text)
    again = between.find(first, 1)
    outer = between[:again].rstrip()[-1:] if again > 0 else next((m for m in ";|," if m not in marks), ";")
    inner = next((mark for mark in marks if mark != outer), ",")
    return outer, inner


def amount_keys(table: Table, items: Field) -> list[str]:
    """Keys of the objects inside a cell whose product is the line's amount; none where nothing says it."""
    keys = item_keys(table, items)
    wholes = [k for k in items.column.elements if table.words.role_of(k) in ("line_amount", "gross_amount")]
    before = [key for key in wholes if table.words.says("before", key)]
    if before and len(wholes) > 1:  # the others are after a discount
        return before[:1]
    if "line_amount" in keys:
        return [keys["line_amount"]]
    if "unit_price" in keys:
        return [keys[role] for role in ("quantity", "unit_price") if role in keys]
    return [keys["gross_amount"]] if "gross_amount" in keys else []


def item_keys(table: Table, items: Field) -> dict[str, str]:
    """Role → key of the objects or parts inside a cell; of several the first."""
    keys = {role: key for key in reversed(items.column.elements) if (role := table.words.role_of(key))}
    return keys | (
        {"product_name": keys["full_name"]} if "full_name" in keys and "product_name" not in keys else {}
    )


def discount_sql(table: Table, *, is_each: bool = False) -> str:
    """All that the seller took off an order, without sign."""
    money = table.money
    if money.payable:
        paid = amount(table, money.payable)
        whole = amount(table, money.whole) if money.whole else gross_sql(table)
        return f"({''.join([whole, *(f' + {amount(table, column)}' for column in money.on_top)])} - {paid})"
    found = [f"abs({amount(table, column, is_each=is_each)})" for column in money.discounts]
    return f"({' + '.join(found)})" if len(found) > 1 else "".join(found) or "0"


def _asked_of_amounts(table: Table) -> list[str]:
    money, line = table.money, line_sql(table)
    if items_of(table) and not line:
        return []
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
    if table.money.tax is None or table.words.says("without_tax", table.money.line[-1].header):
        return []
    return [
        f"tax_amount: is {table.money.tax.header!r} inside {table.money.line[-1].header!r}? then take it off the lines"
    ]


def status_sql(table: Table) -> tuple[str, list[str]]:
    """What became of the order: cancelled by a time, a flag or any state; refunded by a state; else the main state's own word."""
    states = _states(table)
    main = states[0] if states else None
    questions: list[str] = []
    first = []
    cancelled_at = table.first("cancelled_at", types=("timestamp", "date"))
    if cancelled_at:
        first.append(f"when {once(table, cancelled_at.name)} is not null then 'cancelled'")
        questions.append(f"order_status: an order with a {cancelled_at.name} is cancelled")
    flag = table.first("is_cancelled", types=("boolean",))
    if (
        flag
        and flag.column.position not in table.keys.of_line
        and not any(c.column is flag.column for c in table.rows.sales)
    ):
        first.append(f"when {once(table, flag.name, 'bool_or')} then 'cancelled'")
        questions.append(f"order_status: {flag.name} says cancelled")
    for other in [*states[1:], *(f for f in table.all("after_sales") if not f.column.is_blank)]:
        found, said = _other_state(table, other)
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
    """What a further state says against a sale."""
    words = table.words_of(other)
    meanings = {w: None if table.words.says("unfinished", w) else table.words.status_of(w) for w in words}
    found, said = [], []
    for status in ("cancelled", "refunded"):
        words = [word for word, meaning in meanings.items() if meaning == status]
        if words:
            found.append(f"when {once(table, other.name)} in ({listed(words)}) then '{status}'")
            said.append(f"{other.name}: {', '.join(map(repr, words))} makes an order {status}")
    unknown = [word for word, meaning in meanings.items() if meaning is None]
    if unknown:
        said.append(
            f"{other.name}: {', '.join(map(repr, unknown))} is not understood; does it make a row no sale?"
        )
    return found, said


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
    cases = " ".join(f"when {sql_text(word)} then '{status}'" for word, status in known.items())
    return f"case {value} {cases} else lower({value}) end", said
