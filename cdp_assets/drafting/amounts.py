"""Which amounts of a sample are one piece's, the line's or the order's, and which discounts add up: by arithmetic. For drafts only.

Headers say little ("amount", "total", "discount") and often the wrong thing; the sample's own sums say which reading holds.
Columns whose reading is settled keep a meaning that the staging drafts may use; the others lose theirs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain, combinations, count
from itertools import product as product_of
from typing import Any

from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.sample_sums import (
    MAX_EXTRAS,
    SHARE,
    Amounts,
    Values,
    add_up,
    adds_up,
    befores_of,
    extras_of,
    multiply,
    pick,
    share_equal,
    values_of,
)
from cdp_assets.drafting.sampling import SampleColumn

MAX_DISCOUNTS = 6


def settle_amounts(
    columns: list[GuessedColumn],
    texts: Mapping[str, SampleColumn],
    facts: Mapping[str, Any],
    key: Sequence[str] = (),
) -> list[str]:
    """Correct the meanings of amounts and quantities by the sample's own arithmetic; notes say what was found.

    `key`: the column of the order that several rows share, if there is one.
    """
    numbers = [c for c in columns if c.logical_type in ("number", "integer") and not c.is_blank]
    amounts = Amounts(numbers, {c.name: values_of(texts[c.name], facts) for c in numbers})
    _prefer_lines(amounts)
    before = {column.name: column.role for column in columns}
    _paid_out(amounts)
    _prefer_price(amounts)
    notes = _pieces(amounts, columns, texts) + _with_extras(amounts)
    has_orders = len(key) == 1 and any(column.is_repeated for column in numbers)
    levels = [amounts.of_rows(), amounts.per_order(texts[key[0]].values)] if has_orders else [amounts]
    notes += _discounts(amounts, levels) + _payable(levels[-1])
    for column in amounts.of("discount_amount"):
        signs = [value for value in amounts.values[column.name] if value]
        column.is_negative = bool(signs) and all(value < 0 for value in signs)
    for column in amounts.of("discount_amount"):
        if not any(amounts.values[column.name]):  # as the file writes the others
            column.is_negative = any(each.is_negative for each in amounts.of("discount_amount"))
    for column in amounts.of("quantity", "line_amount", "gross_amount"):
        is_below = {value < 0 for value in amounts.values[column.name] if value}
        column.is_mixed = len(is_below) > 1
    _rename(columns, before)
    for column in amounts.columns:
        if re.search(
            r"cents?\b|\bminor|[（(]分[)）]", re.sub("(?=[A-Z])", " ", column.header), re.IGNORECASE
        ):
            notes.append(f"{column.name}: by its name in cents; divide it by 100 where the models use it")
    return notes


def _rename(columns: list[GuessedColumn], before: Mapping[str, str | None]) -> None:
    """A column that was named by its meaning, as its header is in another script, is named by what was found."""
    for column in columns:
        role, old = column.role, before[column.name]
        if role and old and role != old and re.fullmatch(rf"{old}(_\d+)?", column.name):
            taken = {each.name for each in columns}
            column.name = next(n for n in chain([role], (f"{role}_{i}" for i in count(2))) if n not in taken)


def _prefer_lines(amounts: Amounts) -> None:
    """A quantity or line amount that is the same on all rows of its order is the order's, if it can be no line's."""
    for column in amounts.of("line_amount"):
        if column.is_repeated:
            column.role = "gross_amount"
    quantities = amounts.of("quantity")
    for column in quantities:
        if column.is_repeated and not all(each.is_repeated for each in quantities):
            column.role = None


_FEE = re.compile(
    r"\bfees?\b|commission|processing cost|gebühr|provision|comisi[oó]n|tarifa|手续费|佣金", re.IGNORECASE
)


def _paid_out(amounts: Amounts) -> None:
    """What is left of an amount after fees was paid out to the shop: it is no order's amount."""
    fees = [amounts.values[c.name] for c in amounts.columns if _FEE.search(c.header)]
    fees = [values for values in fees if any(values)][:MAX_EXTRAS]
    wholes = amounts.of("gross_amount", "net_amount", "line_amount", "unit_price")
    lefts = amounts.of("gross_amount", "net_amount")
    refunds = [amounts.values[c.name] for c in amounts.of("refund_amount")[:1]]
    for fee in [*fees, add_up([[abs(v or Decimal(0)) for v in values] for values in fees])]:
        rows = [position for position, value in enumerate(fee) if value]
        picked = {c.name: pick(amounts.values[c.name], rows) for c in [*wholes, *lefts]}
        extras = [pick(values, rows) for values in refunds]
        for whole, left in product_of(wholes, lefts) if len(rows) > 1 else ():
            before, after, off = picked[whole.name], picked[left.name], pick(fee, rows)
            is_signed = adds_up(before, off, extras, after)
            if whole is not left and (is_signed or adds_up(_sizes(before), off, [], _sizes(after))):
                left.role = None


def _sizes(values: Values) -> Values:
    """Without sign: of what is given back, the fee is, too."""
    return [None if value is None else abs(value) for value in values]


def _prefer_price(amounts: Amounts) -> None:
    """Of several prices without a discount between them, one that gives an amount of the file, times the quantity, is a piece's."""
    quantity, prices = amounts.first("quantity"), amounts.of("unit_price")
    if any(any(amounts.values[c.name]) for c in amounts.of("discount_amount")):
        return
    totals = [amounts.values[c.name] for c in amounts.of("gross_amount", "line_amount", "net_amount")]
    found = []
    for column in prices:
        product = multiply(quantity, amounts.values[column.name]) or []
        if any(product and share_equal(product, total) >= SHARE for total in totals):
            found.append(column)
    for column in prices if found and prices[0] not in found else ():
        if column not in found:
            column.role = None


def _with_extras(amounts: Amounts) -> list[str]:
    """A line's amount that is quantity × price with tax or shipping on top is no amount before them."""
    product, extras = amounts.product(), extras_of(amounts)
    for column in amounts.of("line_amount") if product else ():
        values = amounts.values[column.name]
        nothing = [Decimal(0)] * len(values)
        if share_equal(product or [], values) < 1 and adds_up(product or [], nothing, extras, values):
            column.role = None
            return [
                f"line_amount: {column.header!r} is quantity × price with tax or shipping on top, so the product is taken"
            ]
    return []


def _pieces(amounts: Amounts, columns: list[GuessedColumn], texts: Mapping[str, SampleColumn]) -> list[str]:
    """An amount that stays the same while an article's quantity grows is one piece's; one that grows with it, the line's."""
    quantity = amounts.first("quantity")
    article = next((c for c in columns if c.role in ("sku", "product_name") and not c.is_blank), None)
    if quantity is None or article is None:
        return []
    names = texts[article.name].values
    notes = []
    has_price = any(_per_piece(amounts.values[c.name], quantity, names) for c in amounts.of("unit_price"))
    for column in amounts.of("unit_price", "line_amount", "gross_amount"):
        is_piece = _per_piece(amounts.values[column.name], quantity, names)
        if column.role == "unit_price" and is_piece is False:
            column.role = "line_amount"
            notes.append(
                f"{column.name} ({column.header!r}): it grows with the quantity, so it is taken as the line's amount"
            )
        elif column.role != "unit_price" and is_piece and not has_price:
            column.role, has_price = "unit_price", True
            notes.append(
                f"{column.name} ({column.header!r}): it does not grow with the quantity, so it is taken as one piece's price"
            )
    return notes


def _per_piece(values: Values, quantity: Values, names: list[str]) -> bool | None:
    """Whether a column holds one piece's price (True) or the line's amount (False); None where the sample does not tell."""
    seen: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for name, value, pieces in zip(names, values, quantity, strict=True):
        if name and value and pieces:
            seen[name].append((value, pieces))
    piece = line = told = 0
    for pairs in seen.values():
        if len({pieces for _, pieces in pairs}) > 1:
            told += 1
            piece += len({value for value, _ in pairs}) == 1
            line += len({(value / pieces).quantize(Decimal("0.01")) for value, pieces in pairs}) == 1
    if told and piece >= told * SHARE:
        return True
    return False if told and line >= told * SHARE else None


def _discounts(amounts: Amounts, levels: list[Amounts]) -> list[str]:
    """Leave as discounts those that the file's own sums take off; a line's amount after them is no amount before discount.

    `levels`: the amounts of rows, then those of orders, where the file holds both.
    """
    line, product = amounts.first("line_amount"), amounts.product()
    discounts = [c for c in amounts.of("discount_amount") if any(amounts.values[c.name])][:MAX_DISCOUNTS]
    if not discounts and not (product or line):
        return _without_lines(amounts)
    for level in levels:
        if found := _taken_off(level, discounts):
            return found
    for level in levels:
        if found := _taken_already(level, discounts):
            return found
    notes = []
    if product and line and share_equal(product, line) < SHARE:
        notes.append("line_amount: it is not quantity × price; see which of them is before discount")
    return notes + _undecided(discounts, amounts)


def _taken_off(amounts: Amounts, all_discounts: list[GuessedColumn]) -> list[str]:
    """The discounts that make an amount of the file out of the one before discount, and notes; none where no sum holds."""
    line, product = amounts.first("line_amount"), amounts.product()
    discounts = [c for c in amounts.of("discount_amount") if c in all_discounts]
    befores, extras = befores_of(amounts), extras_of(amounts)
    nets = amounts.of("net_amount", "line_amount", "gross_amount")
    taken_on = zip(*(amounts.values[c.name] for c in discounts), strict=True)
    rows = [position for position, each in enumerate(taken_on) if any(each)]
    for before, net in product_of(befores, nets):
        values = amounts.values[net.name]
        for size in range(1, len(discounts) + 1) if values is not before else ():
            for chosen in combinations(discounts, size):
                taken = add_up([amounts.values[c.name] for c in chosen])
                if _agrees(before, taken, extras, values, rows):
                    return _settled(
                        net, list(chosen), all_discounts, is_gross=product is not None or not line
                    )
    return []


def _taken_already(amounts: Amounts, discounts: list[GuessedColumn]) -> list[str]:
    """Where an amount and what comes on top give the total without any discount, the discount is in the amount already."""
    befores, extras = befores_of(amounts), extras_of(amounts)
    discounts = [c for c in amounts.of("discount_amount") if c in discounts]
    nothing = [[Decimal(0)] * len(amounts.values[c.name]) for c in discounts[:1]]
    for column in discounts:
        rows = [position for position, value in enumerate(amounts.values[column.name]) if value]
        for before, total in product_of(befores, amounts.of("gross_amount")):
            values = amounts.values[total.name]
            picked = [pick(each, rows) for each in (before, nothing[0], values)]
            is_other = values is not before and share_equal(picked[0], picked[2]) < SHARE
            if (
                rows
                and is_other
                and adds_up(picked[0], picked[1], [pick(e, rows) for e in extras], picked[2])
            ):
                for each in discounts:
                    each.role = None
                return [
                    f"discount_amount: {column.header!r} is in the amount already, as that and tax give {total.header!r}; "
                    "it is not taken off again"
                ]
    return []


_PAYABLE = re.compile(r"应付|payable|zahlbetrag|zu zahlen|à payer|a pagar|支払金額|請求金額", re.IGNORECASE)


def _payable(amounts: Amounts) -> list[str]:
    """Where no column is a discount, an order's amount is less by it in what was to be paid: both are kept for that."""
    if amounts.of("discount_amount") or not (amounts.product() or amounts.first("line_amount")):
        return []
    extras, nothing = extras_of(amounts), [Decimal(0)] * len(befores_of(amounts)[0])
    totals = amounts.of("gross_amount")
    for payable, total in product_of((c for c in totals if _PAYABLE.search(c.header)), totals):
        paid, whole = amounts.values[payable.name], amounts.values[total.name]
        less = [w - p for w, p in zip(whole, paid, strict=True) if w is not None and p is not None]
        if any(less) and min(less) >= 0 and adds_up(befores_of(amounts)[0], nothing, extras, whole):
            payable.role, total.role = "payable_amount", "order_total"
            return [f"discount_amount: what {payable.header!r} is less than {total.header!r} is taken as it"]
    return []


def _settled(
    net: GuessedColumn, chosen: list[GuessedColumn], discounts: list[GuessedColumn], *, is_gross: bool
) -> list[str]:
    for column in discounts:
        if column not in chosen:
            column.role = None
        elif not net.is_repeated:
            column.is_repeated = False  # it makes a row's own amount, so it is the row's own
    if net.role in ("line_amount", "gross_amount") and is_gross:
        net.role = "net_amount"
    names = " + ".join(repr(column.header) for column in chosen)
    return [f"discount_amount: {names}, as the sample's sums give {net.header!r} when that is taken off"]


def _undecided(discounts: list[GuessedColumn], amounts: Amounts) -> list[str]:
    """No sum of the file tells: a discount that is the sum of the others stands for all, else the first stands alone."""
    if len(discounts) < 2:
        return []
    kept = discounts[0]
    for column in discounts:
        others = add_up([amounts.values[c.name] for c in discounts if c is not column])
        if share_equal(amounts.values[column.name], others) >= SHARE:
            kept = column
    for column in discounts:
        if column is not kept:
            column.role = None
    left = ", ".join(column.name for column in discounts if column is not kept)
    return [f"discount_amount: {kept.name} is taken, {left} are not; see which of them come on top of it"]


def _without_lines(amounts: Amounts) -> list[str]:
    """An amount after discount is the line's where the file has no other."""
    if amounts.of("gross_amount", "line_amount", "unit_price"):
        return []
    for column in amounts.of("net_amount")[:1]:
        column.role = "line_amount"
    return []


def _agrees(before: Values, discount: Values, extras: list[Values], net: Values, rows: list[int]) -> bool:
    """Whether before − |discount| (+ shipping, + tax, + both, or without) is the net amount, on rows that have any discount."""
    if not rows:
        return False
    picked = [pick(values, rows) for values in (before, discount, net)]
    return adds_up(picked[0], picked[1], [pick(values, rows) for values in extras], picked[2])
