"""Order lines: one row per line, out of rows, out of arrays or packed cells, or one that stands for the whole order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdp_assets.drafting.objects import Objects
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.rows.conditions import NO_GOODS
from cdp_assets.drafting.shapes.model import (
    Model,
    branches,
    is_once,
    is_order,
    listed,
    money_name,
    name_of,
    taxless,
)
from cdp_assets.drafting.shapes.orders import (
    gross_sql,
    line_sql,
    order_conditions,
)
from cdp_assets.drafting.table import Table
from cdp_assets.drafting.words import Words

MANY = 1000  # pieces, more than any line has


def draft(table: Table) -> Iterator[Model]:
    order = table.keys.order
    if not order or not (is_order(table) or (line_sql(table) and table.first("sku", "product_name"))):
        return
    total = table.money.total
    goods = next((c for c in table.money.line if c.position in table.objects), None)
    if goods:
        yield _of_items(table, table.name(order), goods, table.objects[goods.position])
    elif line_sql(table) or not table.keys.is_many or not (total and table.keys.is_once(total)):
        yield _of_rows(table, table.name(order))
    elif total:
        yield _of_whole_orders(table, table.name(order))


def _of_rows(table: Table, order: str) -> Model:
    money = table.money
    line = line_sql(table)
    if line is None and not table.keys.is_many:  # each row is an order of its own
        line = gross_sql(table)
    line = line or (taxless(table, money.total) if money.total else "0")
    number = table.first("line_number", types=("integer",))
    kind_sql, asked = _kind(table)
    expressions = {
        "order_id": order,
        "line_number": number.name
        if number
        else f"row_number() over (partition by {order} order by _load_id, _line)",
        "sku": sku_of(table),
        "product_name": name_of(table.first("product_name")),
        "line_kind": kind_sql,
        "quantity": money_name(table, money.quantity) if money.quantity else "1",
        "unit_price": taxless(table, money.price) if money.price else None,
        "discount_amount": line_discount(table) or "0",
        "coupon_code": _codes(table),
        "unit_cost": money_name(table, money.cost) if money.cost else None,
        "line_amount": line,
    }
    asked += _asked_of_pieces(table)
    goods = table.rows.parts.get("goods")
    conditions = order_conditions(table) + ((goods.sql(table.name(goods.column)),) if goods else ())
    return Model("order_lines", table, expressions, conditions, questions=tuple(asked))


def _asked_of_pieces(table: Table) -> list[str]:
    """Prices without a quantity, where a whole number that nothing means may be it."""
    money = table.money
    may_be = [f.name for f in table.contract_fields if f.role is None and _may_count(f.column)]
    is_bare = money.quantity is None and len(money.line) == 1 and money.line[0] is money.price
    said = f"quantity: none is known, so each row counts its price once; is it one of {', '.join(may_be)}?"
    return [said] if is_bare and may_be else []


def _may_count(column: Column) -> bool:
    """Whether a column holds small whole numbers, and several different ones."""
    return (
        column.decimals == 0 and len(column.distinct) > 1 and all(0 < (n or 0) < MANY for n in column.numbers)
    )


def _kind(table: Table) -> tuple[str | None, list[str]]:
    """What a line sells where that is no goods, by a column of kinds; a name alone is no evidence, and is asked."""
    for each in table.all("product_kind", "line_kind", "category"):
        told = {word: kind for word in table.words_of(each) if (kind := _no_goods(table, word))}
        if told and each.logical_type == "string":
            said = "; ".join(f"{word!r} is {kind}" for word, kind in told.items())
            return f"case {each.name} {branches(told)} end", [
                f"line_kind: by {each.name}: {said}, no revenue of goods"
            ]
    named = table.first("product_name")
    names = [name for name in named.column.distinct if _no_goods(table, name)] if named else []
    asked = f"line_kind: {', '.join(map(repr, names[:3]))} may be no goods (a gift card, tip or donation); say which column or list tells them"
    return None, [asked] if names else []


def _no_goods(table: Table, word: str) -> str | None:
    return next((kind for kind in NO_GOODS if table.words.is_kind(kind, word)), None)


def _codes(table: Table) -> str | None:
    """Codes of coupons; several in a cell stand apart by commas, as the models read them."""
    found = table.first("coupon_code", types=("string",))
    if found is None:
        return None
    marks = [mark for mark in ";|/" if any(mark in text for text in found.column.filled)]
    return f"translate({found.name}, '{''.join(marks)}', '{',' * len(marks)}')" if marks else found.name


def line_discount(table: Table) -> str:
    """Discounts that are a line's own, without sign; those of the whole order stand with the order."""
    own = [column for column in table.money.discounts if not is_once(table, column)]
    if table.money.payable:
        paid = paid_of_line(table)
        return f"{line_sql(table)} - coalesce({taxless(table, paid)}, 0)" if paid else ""
    signed = any(is_negative(column.numbers) for column in table.money.discounts)
    return " + ".join(f"{'-' if signed else ''}coalesce({taxless(table, column)}, 0)" for column in own)


def paid_of_line(table: Table) -> Column | None:
    """What was to be paid of a line alone, where that tells its discount."""
    money = table.money
    is_order_s = not money.payable or money.whole or money.on_top or is_once(table, money.payable)
    return None if is_order_s or not line_sql(table) else money.payable


def is_negative(numbers: tuple[object, ...]) -> bool:
    """Whether all amounts but nought have a minus."""
    found = [value for value in numbers if value]
    return bool(found) and all(value < 0 for value in found)  # type: ignore[operator]


def sku_of(table: Table) -> str | None:
    """The article's number: the merchant's own before a platform's, a variant's before its parent's."""
    most = max((f.column.share for f in table.all("sku")), default=0.0)
    named = [f for f in table.all("sku") if f.column.share and f.column.share * 2 > most]
    found = [f for f in named if not table.words.says("parent", f.column.header)] or named
    own = [f for f in found if table.words.says("own_sku", f.column.header)]
    return next((f.name for f in [*own, *found]), None)


def _of_whole_orders(table: Table, order: str) -> Model:
    """The rows repeat the order's total and name no amount of their own."""
    money = table.money
    assert money.total
    name = taxless(table, money.total)
    less = "".join(f" - coalesce({taxless(table, column)}, 0)" for column in money.inside)
    off = money.discounts if money.inside or money.is_after else ()
    more = "".join(f" + abs(coalesce({taxless(table, c)}, 0))" for c in off)
    expressions = {
        "order_id": order,
        "line_number": "1",
        "quantity": "1",
        "discount_amount": "0",
        "coupon_code": _codes(table),
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


@dataclass(frozen=True)
class _Element:
    """SQL of one object's or part's fields."""

    items: Objects
    words: Words

    def text(self, role: str) -> str | None:
        key = (self.items.roles or {}).get(role)
        return self.field(key) if key else None

    def field(self, key: str) -> str:
        if self.items.marks:
            return f"{{{{ packed_field('element', {self.items.marks[1]!r}, {key!r}) }}}}"
        return f"{{{{ json_field('element', '{key}') }}}}"

    def number(self, key: str) -> str:
        packed = f"{{{{ packed_number('element', {list(self.items.marks)}, {key!r}) }}}}"
        number = packed if self.items.marks else f"cast({self.field(key)} as decimal(18, 6))"
        return f"{number} / 100.0" if self.words.says("cents", key) else number

    def amount(self, role: str) -> str | None:
        key = (self.items.roles or {}).get(role)
        return self.number(key) if key else None

    @property
    def line(self) -> str:
        return " * ".join(map(self.number, self.items.keys))

    @property
    def price(self) -> str | None:
        """A piece's price: its own, else the line's amount by its pieces."""
        count, own = self.amount("quantity"), (self.items.roles or {}).get("unit_price")
        is_whole = len(self.items.keys) == 1 and count and own not in self.items.keys
        return f"{self.line} / nullif({count}, 0)" if is_whole else self.amount("unit_price")


def _of_items(table: Table, order: str, goods: Column, items: Objects) -> Model:
    """Lines out of the objects or parts inside a cell of the order's row."""
    source, element = table.name(items.source), _Element(items, table.words)
    codes = table.first("coupon_code", types=("string",))
    off = element.amount("discount_amount")
    expressions = {
        "order_id": order,
        "line_number": "element_number",
        "sku": element.text("sku"),
        "product_name": element.text("product_name"),
        "quantity": element.amount("quantity") or "1",
        "unit_price": taxless(table, goods, element.price) if element.price else None,
        "discount_amount": taxless(table, goods, f"coalesce({off}, 0)") if off else "0",
        "coupon_code": codes.name if codes else None,
        "line_amount": taxless(table, goods, element.line),
    }
    each, what = f"each_element('rows.{source}')", "each object of this array"
    if items.marks:
        each, what = f"each_packed('rows.{source}', {items.marks[0]!r})", "each part of its packed cells"
    only = f"{element.field(items.kind[0])} in ({listed(items.kind[1])})" if items.kind else ""
    kinds = f" where {items.kind[0]!r} says {', '.join(map(repr, items.kind[1]))}" if items.kind else ""
    return Model(
        "order_lines",
        table,
        expressions,
        order_conditions(table),
        after=only,
        picks=f"rows.*, {{{{ {each} }}}}",
        comment=f"one row per {'part' if items.marks else 'object'} of {source}",
        questions=(f"{source}: {what} is taken as an order line{kinds}",),
    )
