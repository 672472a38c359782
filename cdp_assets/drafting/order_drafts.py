"""Drafts of what an export says of orders: orders and their lines, with the refunds that stand among them. For drafts only."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.draft_roles import (
    Hints,
    Roles,
    StagingDraft,
    as_date,
    currency_sql,
    line_amount_of,
)
from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.meanings import role_of, status_of
from cdp_assets.drafting.refund_drafts import RowKinds, order_refunds, refund_rows
from cdp_assets.landing.typed.casts import sql_text


def _status_column(roles: Roles, hints: Hints) -> str | None:
    """The column of an order's status: the one most of whose words are known, as a number of a state says nothing."""

    def known(name: str) -> float:
        words = hints.words.get(name, [])
        return sum(status_of(word) is not None for word in words) / max(1, len(words))

    return max((c.name for c in roles.all("order_status") if not c.is_blank), key=known, default=None)


def _status(name: str | None, roles: Roles, hints: Hints, is_many: bool) -> tuple[str, list[str]]:
    """The words of the status column `name` in the shared ones; what is not known stays, in lower case."""
    if at := roles("cancelled_at"):
        other, notes = _stated(name, roles, hints, is_many)
        value = f"max({at})" if is_many else at
        notes = [*notes, f"order_status: an order with a {at} is cancelled"]
        return f"case when {value} is not null then 'cancelled' else {other} end", notes
    return _stated(name, roles, hints, is_many)


def _stated(name: str | None, roles: Roles, hints: Hints, is_many: bool) -> tuple[str, list[str]]:
    flag = roles("is_cancelled", types=("boolean",))
    if name is None and flag and not roles.is_of_line(flag):
        value = f"bool_or({flag})" if is_many else flag
        note = f"order_status: {flag} says cancelled, all other orders count as completed"
        return f"case when {value} then 'cancelled' else 'completed' end", [note]
    if name is None:
        return "'completed'", ["order_status: the file has none, every order counts as completed"]
    value = f"max({name})" if is_many else name
    words = hints.words.get(name, [])
    known = {word: status for word in words if (status := status_of(word))}
    branches = " ".join(f"when {sql_text(word)} then '{status}'" for word, status in known.items())
    rest = len(words) - len(known)
    note = (
        f"order_status: {len(known)} words of the sample were translated"
        f"{f', {rest} were not' if rest else ''}; see that all of them mean completed, shipped, paid, pending, "
        "cancelled or refunded"
        + (
            "; orders of a word that dbt_project.yml does not know are parked: say there what it means"
            if rest
            else ""
        )
    )
    return (f"case {value} {branches} else lower({value}) end" if known else f"lower({value})"), [note]


def draft_orders(
    roles: Roles,
    rows: str,
    kinds: RowKinds,
    moment: str,
    is_many: bool,
    customer: str | None,
    hints: Hints,
) -> Iterator[StagingDraft]:
    every_row, rows = rows, rows + kinds.sales
    order_id = roles.order_id() or ""
    notes = [] if customer else ["source_customer_id: nothing names the customer; the orders stay anonymous"]
    if not roles.is_filled(order_id):
        rows += f"\n{'and' if 'where' in rows else 'where'} {order_id} is not null"
        notes.append(f"{order_id}: rows without it are no order; they land and count nowhere")
    if not roles.stands_on_each_row(moment):
        rows += f"\n{'and' if 'where' in rows else 'where'} {moment} is not null"
        notes.append(
            f"{moment}: rows without it are left out, as an order is of some day; name a time that every order has"
        )
    currency, currency_notes = currency_sql(roles, hints)
    state = _status_column(roles, hints)
    status, status_notes = _status(state, roles, hints, is_many)
    line, total = line_amount_of(roles), roles.total()
    store_id = roles.filled("store_id")
    items = roles.items()
    if items and (keys := _amount_keys(items)):
        amount = f"{{{{ element_total('{items.name}', {keys}) }}}}"
    elif line:
        amount = f"sum({line})" if is_many else line
        if not roles.number("line_amount", "quantity"):
            notes.append(f"gross_amount: the file has no quantity, so each row counts {line} once")
    elif total and is_many:
        is_repeated = roles.is_repeated(total)
        amount = f"max({total})" if is_repeated else f"sum({total})"
        how = (
            "the same on all rows of an order, so it counts once"
            if is_repeated
            else "added up over an order's rows"
        )
        notes.append(f"gross_amount: {total} is {how}; it should be before discount, tax and shipping")
    else:
        amount = total or "0"
        notes.append(f"gross_amount: {total} is taken; it should be before discount, tax and shipping")

    def once(name: str | None, aggregate: str = "max") -> str | None:
        return None if name is None else f"{aggregate}({name})" if is_many else name

    at = once(moment, "min") or moment
    expressions = {
        "order_id": order_id,
        "source_customer_id": once(customer),
        "ordered_at": at if roles.logical_type(moment) == "timestamp" else f"cast({at} as timestamp)",
        "order_date": as_date(roles, moment, at),
        "store_id": once(store_id),
        "currency": currency if currency.startswith("'") else once(f"upper({currency})"),
        "gross_amount": amount,
        "discount_amount": order_discount(roles, is_many),
        "shipping_amount": _order_amount(roles.number("shipping_amount"), roles, is_many),
        "tax_amount": _order_amount(roles.tax(), roles, is_many),
        "order_status": status,
        "fulfilment_type": "'delivery'" if not store_id else "'store'",
    }
    notes += [*currency_notes, *status_notes, *kinds.notes]
    amounts = [*roles.discounts(), roles.column("shipping_amount"), roles.column("tax_amount")]
    if is_many and (same := [c.name for c in amounts if c and c.is_repeated]):
        notes.append(
            f"{', '.join(same)}: the same on all rows of an order in the sample, so counted once per order"
        )
    filled = {name: value for name, value in expressions.items() if value}
    yield StagingDraft("orders", rows, filled, "", [order_id] if is_many else [], notes)
    if items and _amount_keys(items):
        yield _item_lines(rows, order_id, items)
    elif line or not is_many or not (total and roles.is_repeated(total)):
        yield _order_lines(roles, rows, order_id, line or total or "0")
    else:
        yield _whole_order_lines(rows, order_id, total or "0")
    if roles("refund_id"):
        return
    if kinds.refunds:
        refund, less = (
            roles.number("refund_amount"),
            "".join(f" - abs({each})" for each in _line_discounts(roles)),
        )
        back = f"abs({refund})" if refund else f"abs({line or total or 0}){less}"
        yield refund_rows(roles, every_row + kinds.refunds, moment, back, currency)
        return
    less = order_discount(roles, is_many)
    whole = f"{amount} - {less}" if is_many else f"sum({amount}) - sum({less})"
    refunded = [word for word in hints.words.get(state or "", []) if status_of(word) == "refunded"]
    by_state = f"{state} in ({', '.join(map(sql_text, refunded))})" if refunded else ""
    yield from order_refunds(roles, rows, order_id, moment, whole, by_state, currency)


def _order_amount(name: str | None, roles: Roles, is_many: bool) -> str:
    """SQL of an amount per order: once where it stands on each of the order's rows, else added up."""
    return _per_order(roles, name, is_many) if name else "0"


def _per_order(roles: Roles, name: str, is_many: bool) -> str:
    if not is_many:
        return f"coalesce({name}, 0)"
    return f"coalesce(max({name}), 0)" if roles.is_repeated(name) else f"sum(coalesce({name}, 0))"


def order_discount(roles: Roles, is_many: bool) -> str:
    """SQL of all that was taken off an order, without sign."""
    whole, payable = roles("order_total"), roles("payable_amount")
    if whole and payable:
        return f"({_per_order(roles, whole, is_many)} - {_per_order(roles, payable, is_many)})"
    found = [f"abs({_per_order(roles, column.name, is_many)})" for column in roles.discounts()]
    return f"({' + '.join(found)})" if len(found) > 1 else "".join(found) or "0"


def _line_discounts(roles: Roles) -> list[str]:
    """SQL of discounts that are a line's own, without sign; those of the whole order stand with the order."""
    own = [column for column in roles.discounts() if not column.is_repeated]
    return [f"{'-' if column.is_negative else ''}coalesce({column.name}, 0)" for column in own]


def _amount_keys(items: GuessedColumn) -> list[str]:
    """Keys of an array's objects whose product is the line's amount; none where nothing says it."""
    keys = {role: key for key in reversed(items.elements) if (role := role_of(key))}
    if "line_amount" in keys:
        return [keys["line_amount"]]
    if "unit_price" in keys:
        return [keys[role] for role in ("quantity", "unit_price") if role in keys]
    return [keys["gross_amount"]] if "gross_amount" in keys else []


def _whole_order_lines(rows: str, order_id: str, total: str) -> StagingDraft:
    """One line that stands for the whole order: the rows repeat its total and name no amount of their own."""
    source = f"{rows}\nqualify row_number() over (partition by {order_id} order by _load_id, _line) = 1"
    expressions = {
        "order_id": order_id,
        "line_number": "1",
        "quantity": "1",
        "discount_amount": "0",
        "line_amount": total,
    }
    note = f"the rows name no amount of their own, so one line per order bears {total}"
    return StagingDraft("order_lines", source, expressions, "one line for the whole order", [], [note])


def _item_lines(rows: str, order_id: str, items: GuessedColumn) -> StagingDraft:
    """Order lines out of a JSON array that stands on the order's row."""
    keys = {role: key for key in reversed(items.elements) if (role := role_of(key))}

    def text(role: str) -> str | None:
        return f"{{{{ json_field('element', '{keys[role]}') }}}}" if role in keys else None

    def number(role: str) -> str | None:
        return f"cast({value} as decimal(18, 6))" if (value := text(role)) else None

    quantity = number("quantity") or "1"
    price = number("unit_price")
    expressions = {
        "order_id": order_id,
        "line_number": "element_number",
        "sku": text("sku"),
        "product_name": text("product_name"),
        "quantity": quantity,
        "unit_price": price,
        "discount_amount": f"coalesce({number('discount_amount')}, 0)" if "discount_amount" in keys else "0",
        "line_amount": " * ".join(
            f"cast({{{{ json_field('element', '{key}') }}}} as decimal(18, 6))" for key in _amount_keys(items)
        ),
    }
    source = rows.replace(
        "select *", f"select rows.{order_id}, {{{{ each_element('rows.{items.name}') }}}}", 1
    )
    return StagingDraft(
        "order_lines",
        source,
        {name: value for name, value in expressions.items() if value},
        f"one row per object of the array {items.name}",
        [],
        [f"{items.name}: each object of this array is taken as an order line"],
    )


def _order_lines(roles: Roles, rows: str, order_id: str, amount: str) -> StagingDraft:
    number = roles("line_number", types=("integer",))
    expressions = {
        "order_id": order_id,
        "line_number": number or f"row_number() over (partition by {order_id} order by _load_id, _line)",
        "sku": roles.sku(),
        "product_name": roles("product_name"),
        "quantity": roles.number("quantity") or "1",
        "unit_price": roles.number("unit_price"),
        "discount_amount": " + ".join(_line_discounts(roles)) or "0",
        "coupon_code": roles("coupon_code"),
        "unit_cost": roles.number("unit_cost"),
        "line_amount": amount,
    }
    return StagingDraft("order_lines", rows, {name: value for name, value in expressions.items() if value})
