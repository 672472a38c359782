"""Which amounts are one piece's and which the line's: by quantity × price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product as product_of

from cdp_assets.drafting.money.case import MAX_DISCOUNTS, OFF, TOTALS, Case, all_equal
from cdp_assets.drafting.money.sums import (
    SHARE,
    ZERO,
    Amounts,
    Values,
    add_up,
    less,
    multiply,
    pick,
    share_equal,
    sizes,
    subsets,
)
from cdp_assets.drafting.money.wholes import makes_a_whole
from cdp_assets.drafting.profile import Column


def orders_own(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A line's amount or a price that is the same on all rows of its order, though their articles differ, is the order's."""
    changes: dict[int, str | None] = {}
    quantities = amounts.of("quantity")
    told = case.orders_of_several()
    for column in amounts.of("line_amount", "unit_price"):
        is_price = amounts.meaning[column.position] == "unit_price"
        if column.position in amounts.once and (
            not is_price or told > 1
        ):  # two prices of one order may be equal by chance
            changes[column.position] = "gross_amount"
    for column in quantities:
        if column.position in amounts.once and not all(c.position in amounts.once for c in quantities):
            changes[column.position] = None
    named = [c.header for c in amounts.of("unit_price") if c.position in changes]
    said = [
        f"gross_amount: {', '.join(map(repr, named))} stands once per order, so it is no piece's price and is not multiplied"
    ]
    return changes, said if named else []


def one_of_prices(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """Of several prices without a discount between them, one that gives an amount of the file, times the quantity, is a piece's."""
    prices = amounts.of("unit_price")
    found: list[Column] = []
    for level, products in _products(amounts, prices, case) if len(prices) > 1 else ():
        totals = [level.value(c) for c in level.of(*TOTALS) if _may_be_product(c, level, case)]
        given = [c for c, product in zip(prices, products, strict=True) if _is_any(product, totals)]
        if prices[0] in given or _is_before_off(level, products[0], totals):
            return {}, []
        found = found or given
    return {c.position: None for c in prices if found and c not in found}, []


def _products(
    amounts: Amounts, prices: Sequence[Column], case: Case
) -> Iterator[tuple[Amounts, list[Values]]]:
    """The amounts of rows, then of orders, and quantity × each of the prices on them."""
    others = [[p.position for p in prices if p is not c] for c in prices]
    trials = [case.levels(amounts.meant(dict.fromkeys(each))) for each in others]
    for place, level in enumerate(case.levels(amounts)):
        yield level, [levels[place].product() or () for levels in trials]


def _is_any(product: Values, totals: Sequence[Values]) -> bool:
    return any(share_equal(product, total) >= SHARE for total in totals if product)


def _may_be_product(total: Column, level: Amounts, case: Case) -> bool:
    """Whether an amount may be quantity × price: beside discounts the line's own, or an order's that calls itself before them."""
    has_off = bool(level.filled("discount_amount", "platform_discount"))
    is_order_s = total.position in level.once
    is_before = is_order_s and case.words.says("before", total.header)
    return is_before or not has_off or level.meaning[total.position] == "line_amount"


def quantity_by_sums(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A whole number whose header does not say so and that gives an amount of the file, times the price, is the quantity.

    Where no header says the price either, all three are known by that: quantity × price is the line's amount on all rows.
    """
    if amounts.of("quantity"):
        return {}, []
    prices = amounts.of("unit_price")
    wholes = [c for c in amounts.of("returned_quantity", None) if c.decimals == 0]
    pairs = product_of(wholes, prices or amounts.of(None))
    for column, price in (pair for pair in pairs if pair[0] is not pair[1]):
        trial = amounts.meant({column.position: "quantity", price.position: "unit_price"})
        total = next(filter(None, (_given_total(level, not prices) for level in case.levels(trial))), None)
        if total is not None:
            said = f"quantity: {column.header!r}, as it gives {total.header!r} times {price.header!r}"
            role = amounts.meaning[total.position] or "line_amount"
            return {column.position: "quantity", price.position: "unit_price", total.position: role}, [said]
    return {}, []


def _given_total(level: Amounts, is_any: bool) -> Column | None:
    """The amount of the file (`is_any`: of whatever header) that quantity × price is, and the price alone is not."""
    product, price = level.product() or (), level.first("unit_price") or ()
    totals = level.of(*TOTALS, *([None] if is_any else []))
    off = level.taken_off(len(product), "discount_amount")
    for column, taken in product_of(totals, ([ZERO] * len(product), off) if product else ()):
        whole = add_up([level.value(column), taken])
        if all_equal(product, whole) and share_equal(price, whole) < 1:
            return column
    return None


def _is_before_off(amounts: Amounts, product: Values, totals: Sequence[Values]) -> bool:
    """Whether a line's amount is less than a product by discounts of the file."""
    off = [sizes(amounts.value(c)) for c in amounts.filled(*OFF)[:MAX_DISCOUNTS]]
    made = [less(product, add_up(chosen)) for chosen in subsets(off) if chosen] if product else []
    return any(share_equal(each, total) >= SHARE for each, total in product_of(made, totals))


def price_by_sums(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A number whose header says nothing and that gives an amount of the row, times the quantity, is a piece's price.

    Where no header says the row's amount either, it is the number that quantity × price is on all rows.
    """
    quantity = amounts.first("quantity")
    if quantity is None or amounts.of("unit_price"):
        return {}, []
    rows = [row for row, pieces in enumerate(quantity) if pieces and pieces != 1]
    for column in [*amounts.of(None), *amounts.of("quantity")[1:]] if rows else ():
        product = multiply(quantity, amounts.value(column)) or []
        if (line := _given_line(product, amounts, rows)) is not None:
            said = f"unit_price: {column.header!r}, as it gives an amount of the file times the quantity"
            return {column.position: "unit_price", **line}, [said]
    return {}, []


def _given_line(product: Values, amounts: Amounts, rows: Sequence[int]) -> Mapping[int, str | None] | None:
    """What a number turns out to be where quantity × price is that on all rows: the line's amount; nothing new where an amount of
    the file is that on most rows, those of several pieces, too; None where nothing is."""
    totals = _with_and_without_discounts(amounts, len(product)) if product else []
    if any(share_equal(product, t) >= SHARE and any(pick(t, rows)) for t in totals):
        return {}
    for column in amounts.of(None):
        if all_equal(product, amounts.value(column)) and any(pick(product, rows)):
            return {column.position: "line_amount"}
    return None


def _with_and_without_discounts(amounts: Amounts, count: int) -> list[Sequence[Decimal | None]]:
    """The rows' totals, and the same with what was taken off put back."""
    off = amounts.taken_off(count, "discount_amount")
    wholes = [amounts.value(c) for c in amounts.of(*TOTALS) if c.position not in amounts.once]
    return [*wholes, *(add_up([whole, off]) for whole in wholes)]


def between_prices(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """Of two prices that a discount lies between, the one before it is a piece's."""
    prices, quantity = amounts.of("unit_price"), amounts.first("quantity")
    for before, after, off in product_of(prices, prices, amounts.filled("discount_amount")):
        between = less(amounts.value(before), amounts.value(after))
        made = multiply(quantity, between) or between
        if any(between):
            said = f"{before.header!r}, as less {off.header!r} it is {after.header!r}"
            if share_equal(made, sizes(amounts.value(off))) == 1:
                return {c.position: None for c in prices if c is not before}, [f"unit_price: {said}"]
            if share_equal(between, sizes(amounts.value(off))) == 1:
                return {before.position: "line_amount", after.position: "net_amount"}, [
                    f"line_amount: {said}"
                ]
    return {}, []


def by_pieces(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """An amount that stays the same while an article's quantity grows is one piece's; one that grows with it, the line's."""
    quantity = amounts.first("quantity")
    if quantity is None or case.articles is None:
        return {}, []
    changes: dict[int, str | None] = {}
    said = []
    told = {c.position: _per_piece(amounts.value(c), quantity, case.articles) for c in amounts.columns}
    has_price = any(told[c.position] for c in amounts.of("unit_price"))
    for column in amounts.of("unit_price", "line_amount", "gross_amount"):
        is_piece, is_price = told[column.position], amounts.meaning[column.position] == "unit_price"
        if is_price and is_piece is False:
            changes[column.position] = "line_amount"
            said.append(f"{column.header!r}: it grows with the quantity, so it is taken as the line's amount")
        elif not is_price and is_piece and not has_price:
            changes[column.position], has_price = "unit_price", True
            said.append(
                f"{column.header!r}: it does not grow with the quantity, so it is taken as one piece's price"
            )
    return changes, said


def _per_piece(values: Values, quantity: Values, articles: Sequence[str]) -> bool | None:
    """Whether a column holds one piece's price (True) or the line's amount (False); None where the sample does not tell."""
    pairs = _bought_in_several_counts(values, quantity, articles)
    if not pairs:
        return None
    if sum(len({value for value, _ in each}) == 1 for each in pairs) >= len(pairs) * SHARE:
        return True
    per_piece = [{(value / pieces).quantize(Decimal("0.01")) for value, pieces in each} for each in pairs]
    return False if sum(len(each) == 1 for each in per_piece) >= len(pairs) * SHARE else None


def _bought_in_several_counts(
    values: Values, quantity: Values, articles: Sequence[str]
) -> list[list[tuple[Decimal, Decimal]]]:
    """Value and pieces of each row of the articles that some rows have more pieces of than others."""
    seen: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for name, value, pieces in zip(articles, values, quantity, strict=True):
        if name and value and pieces:
            seen[name].append((value, pieces))
    return [each for each in seen.values() if len({pieces for _, pieces in each}) > 1]


def price_of_line(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A price that makes a whole of the file as it is, and does not times the quantity, is the line's amount."""
    prices = amounts.of("unit_price")
    if len(prices) != 1 or not amounts.of("quantity") or amounts.of("line_amount"):
        return {}, []
    change = {prices[0].position: "line_amount"}
    if makes_a_whole(amounts, case) or not makes_a_whole(amounts.meant(change), case):
        return {}, []
    said = f"{prices[0].header!r}: as it makes a whole of the file without the quantity, it is taken as the line's amount"
    return {**change}, [said]
