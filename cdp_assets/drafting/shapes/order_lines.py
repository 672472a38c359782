"""Order lines: one row per line, out of rows, out of arrays or packed cells, or one that stands for the whole order."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, is_once, is_order, items_of, name_of
from cdp_assets.drafting.shapes.orders import (
    amount_keys,
    gross_sql,
    item_keys,
    line_sql,
    order_conditions,
    separators,
)
from cdp_assets.drafting.table import Field, Table


def draft(table: Table) -> Iterator[Model]:
    order = table.keys.order
    if not order or not (is_order(table) or (line_sql(table) and table.first("sku", "product_name"))):
        return
    items, total = items_of(table), table.money.total
    if items and amount_keys(table, items):
        yield _of_items(table, table.name(order), items)
    elif line_sql(table) or not table.keys.is_many or not (total and table.keys.is_once(total)):
        yield _of_rows(table, table.name(order))
    elif total:
        yield _of_whole_orders(table, table.name(order))


def _of_rows(table: Table, order: str) -> Model:
    money = table.money
    line = line_sql(table)
    if line is None:  # each row is an order of its own
        line = gross_sql(table) if not table.keys.is_many else table.name(money.total) if money.total else "0"
    number = table.first("line_number", types=("integer",))
    expressions = {
        "order_id": order,
        "line_number": number.name
        if number
        else f"row_number() over (partition by {order} order by _load_id, _line)",
        "sku": sku_of(table),
        "product_name": name_of(table.first("product_name")),
        "quantity": table.name(money.quantity) if money.quantity else "1",
        "unit_price": table.name(money.price) if money.price else None,
        "discount_amount": line_discount(table) or "0",
        "coupon_code": table.text("coupon_code"),
        "unit_cost": table.name(money.cost) if money.cost else None,
        "line_amount": line,
    }
    return Model("order_lines", table, expressions, order_conditions(table))


def line_discount(table: Table) -> str:
    """Discounts that are a line's own, without sign; those of the whole order stand with the order."""
    own = [column for column in table.money.discounts if not is_once(table, column)]
    if table.money.payable:
        return ""
    signed = any(is_negative(column.numbers) for column in table.money.discounts)
    return " + ".join(f"{'-' if signed else ''}coalesce({table.name(column)}, 0)" for column in own)


def is_negative(numbers: tuple[object, ...]) -> bool:
    """Whether all amounts but nought have a minus."""
    found = [value for value in numbers if value]
    return bool(found) and all(value < 0 for value in found)  # type: ignore[operator]


def sku_of(table: Table) -> str | None:
    """The article's number: the merchant's own before a platform's, a variant's before its parent's."""
    named = [f for f in table.all("sku") if not f.column.is_blank]
    found = [f for f in named if not table.words.says("parent", f.column.header)] or named
    own = [f for f in found if table.words.says("own_sku", f.column.header)]
    return next((f.name for f in [*own, *found]), None)


def _of_whole_orders(table: Table, order: str) -> Model:
    """The rows repeat the order's total and name no amount of their own."""
    money = table.money
    assert money.total
    name = table.name(money.total)
    less = "".join(f" - coalesce({table.name(column)}, 0)" for column in money.inside)
    more = "".join(f" + abs(coalesce({table.name(c)}, 0))" for c in money.discounts) if money.inside else ""
    expressions = {
        "order_id": order,
        "line_number": "1",
        "quantity": "1",
        "discount_amount": "0",
        "line_amount": f"{name}{more}{less}",
    }
    said = f"the rows name no amount of their own, so one line per order bears {name}"
    return Model(
        "order_lines",
        table,
        expressions,
        order_conditions(table),
        newest_of=(order, "_load_id, _line"),
        comment="one line for the whole order",
        questions=(said,),
    )


def _of_items(table: Table, order: str, items: Field) -> Model:
    """Lines out of the objects or parts inside a cell of the order's row."""
    keys = item_keys(table, items)
    outer, inner = separators(items) if items.column.is_packed else ("", "")

    def text(role: str) -> str | None:
        return field(keys[role]) if role in keys else None

    def field(key: str) -> str:
        if items.column.is_packed:
            return f"{{{{ packed_field('element', '{inner}', '{key}') }}}}"
        return f"{{{{ json_field('element', '{key}') }}}}"

    def number(role: str) -> str | None:
        return f"cast({value} as decimal(18, 6))" if (value := text(role)) else None

    expressions = {
        "order_id": order,
        "line_number": "element_number",
        "sku": text("sku"),
        "product_name": text("product_name"),
        "quantity": number("quantity") or "1",
        "unit_price": number("unit_price"),
        "discount_amount": f"coalesce({number('discount_amount')}, 0)" if "discount_amount" in keys else "0",
        "line_amount": " * ".join(
            f"cast({field(key)} as decimal(18, 6))" for key in amount_keys(table, items)
        ),
    }
    each = (
        f"each_packed('rows.{items.name}', '{outer}')"
        if items.column.is_packed
        else f"each_element('rows.{items.name}')"
    )
    what = "each part of its packed cells" if items.column.is_packed else "each object of this array"
    return Model(
        "order_lines",
        table,
        expressions,
        order_conditions(table),
        picks=f"rows.{order}, {{{{ {each} }}}}",
        comment=f"one row per {'part' if items.column.is_packed else 'object'} of {items.name}",
        questions=(f"{items.name}: {what} is taken as an order line",),
    )
