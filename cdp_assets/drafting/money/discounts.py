"""Which discounts come off an order or a line, by the sums of the file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from itertools import product as product_of

from cdp_assets.drafting.money.case import MAX_DISCOUNTS, OFF, OTHERS, TOTALS, Case, lacking
from cdp_assets.drafting.money.sums import (
    SHARE,
    ZERO,
    Amounts,
    Values,
    add_up,
    adds_up,
    less,
    pick,
    share_equal,
    sizes,
    subsets,
)
from cdp_assets.drafting.money.wholes import amount_before, is_all_paid, says_whole
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.words import Words


def share_taken_off(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A discount of so many per cent: quantity × price less that share of it is an amount of the row, which the order's discount is known by."""
    product = amounts.product() or ()
    shares = [c for c in amounts.filled(None) if "percent" in c.strips or case.words.says("share", c.header)]
    tried = [*amounts.filled("discount_amount"), *shares] if product else []
    nets = [c for c in amounts.of(*TOTALS) if c.position not in amounts.once]
    for column, net in product_of(tried, nets):
        if _is_less_a_share(product, amounts.value(column), amounts.value(net)):
            said = f"discount_amount: {column.header!r} is a percentage, as {net.header!r} is quantity × price less that"
            others = {c.position: None for c in [column, *amounts.of("line_amount")]}
            return {**others, net.position: "payable_amount"}, [said]
    return {}, []


def _is_less_a_share(whole: Values, share: Values, left: Values) -> bool:
    """Whether an amount is another one less so many per cent of it, and not less so much, where there is a share."""
    rows = [row for row, (value, before) in enumerate(zip(share, whole, strict=True)) if value and before]
    before, parts, after = pick(whole, rows), pick(share, rows), pick(left, rows)
    off = [part * value / 100 for part, value in zip(parts, before, strict=True) if part and value]
    return share_equal(less(before, off), after) >= SHARE > share_equal(less(before, parts), after)


def sum_of_others(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A discount that is the sum of the others says nothing more where one of them is the platform's; else it stands for all of them."""
    ours, platforms = (
        amounts.filled("discount_amount"),
        amounts.filled("platform_discount", "creator_discount"),
    )
    every = [*ours, *platforms][:MAX_DISCOUNTS]
    for column in ours if len(every) > 2 else ():
        others = [c for c in every if c is not column]
        if share_equal(*(add_up([amounts.value(c) for c in each]) for each in ([column], others))) >= SHARE:
            dropped = [column] if platforms else others
            return {c.position: None for c in dropped}, [
                f"discount_amount: {column.header!r} is the sum of the other discounts"
            ]
    return {}, []


def by_discounts(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """Leave as discounts those that the file's own sums take off; a line's amount after them is no amount before discount."""
    every = [c for role in OFF for c in amounts.filled(role)][:MAX_DISCOUNTS]
    if not every and not amounts.product() and not amounts.first("line_amount"):
        return _net_lines(amounts), []
    levels = case.levels(amounts)
    holding = next(filter(None, (_sum_that_holds(level, every) for level in levels)), None)
    if holding:
        return _as_chosen(amounts, *holding, every)
    ours = [c for c in every if amounts.meaning[c.position] == "discount_amount"]
    inside = next(filter(None, (_inside_already(level, ours) for level in levels)), "")
    if inside and not is_all_paid(amounts, case.words):
        is_known = len(ours) == 1 and not amounts.product()
        return {c.position: "held_discount" if is_known else None for c in ours}, [inside]
    return _first_of(amounts, every)


def sellers_part(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """Of two discounts one that calls itself the seller's and is never more than the other is ours: the rest of that, the platform bears."""
    named = [c for c in amounts.columns if case.roles.role(c) == "discount_amount" and any(amounts.value(c))]
    owns = [c for c in named if case.words.says("seller", c.header)]
    wholes = [c for c in amounts.of("discount_amount") if c not in owns]
    for own, whole in product_of(owns, [] if amounts.filled("platform_discount") else wholes):
        pairs = list(zip(sizes(amounts.value(own)), sizes(amounts.value(whole)), strict=True))
        is_part = all((a or ZERO) <= (b or ZERO) for a, b in pairs) and amounts.is_once_as(own, whole)
        if is_part and any(a != b for a, b in pairs):
            said = f"discount_amount: {own.header!r} is the seller's part of {whole.header!r}; the platform is taken to bear the rest"
            return {own.position: "discount_amount", whole.position: "whole_discount"}, [said]
    return {}, []


def _net_lines(amounts: Amounts) -> dict[int, str | None]:
    """An amount after discount is the line's where the file has no other."""
    nets = [] if amounts.of("gross_amount", "unit_price") else amounts.of("net_amount")[:1]
    return {c.position: "line_amount" for c in nets}


def _some_of(columns: Sequence[Column]) -> list[tuple[Column, ...]]:
    """Every choice of at least one of the columns, the smaller first."""
    return [chosen for size in range(1, len(columns) + 1) for chosen in combinations(columns, size)]


def _sum_that_holds(
    level: Amounts, every: Sequence[Column]
) -> tuple[Column | None, Column, list[Column]] | None:
    """The amount of the file that some discounts make out of the one before them, and those discounts; and that one, where it is another
    than was taken so far.

    It holds on the rows that have a discount, and on all rows with the same on top: one alone may hold by chance. Of several
    choices the one that holds on the most rows is taken, and of equal ones that which explains more.
    """
    discounts = [c for c in every if c in level.columns]
    off = list(zip(*(level.value(c) for c in discounts), strict=True))
    filled = [row for row, each in enumerate(off) if any(each)]
    if not filled:
        return None
    tried = level.on([*filled, *(row for row, each in enumerate(off) if not any(each))])
    nets = tried.of("net_amount", "line_amount", "gross_amount")
    others = [] if tried.product() or not tried.of("line_amount") else tried.of("gross_amount")
    befores = [*((None, each) for each in tried.befores()), *((c, tried.value(c)) for c in others)]
    readings = list(product_of(befores, nets, list(reversed(_some_of(discounts)))))
    held = [_held_by(tried, before, net, chosen, len(filled)) for (_, before), net, chosen in readings]
    most = max(held, default=0.0)
    (other, _), net, chosen = readings[held.index(most)] if most >= SHARE else ((None, ()), None, ())
    return (other, net, list(chosen)) if net else None


def _held_by(tried: Amounts, before: Values, net: Column, chosen: Sequence[Column], count: int) -> float:
    """On how many of the first rows an amount less some discounts is another one; none where it is without them, too."""
    left, after = less(before, add_up([sizes(tried.value(c)) for c in chosen])), tried.value(net)
    is_same = share_equal(before[:count], after[:count]) >= SHARE
    return 0.0 if is_same else _makes(left, after, tried.extras(), count)


def _makes(left: Values, after: Values, extras: Sequence[Values], count: int) -> float:
    """On how many of the first rows what is left, with the same on top on all rows, is an amount of the file."""
    held = [0.0]
    for chosen in subsets(extras):
        made = add_up([left, *chosen])
        if share_equal(made, after) >= SHARE:
            held.append(share_equal(made[:count], after[:count]))
    return max(held)


def _as_chosen(
    amounts: Amounts, before: Column | None, net: Column, chosen: list[Column], every: Sequence[Column]
) -> tuple[dict[int, str | None], list[str]]:
    ours = [c for c in every if amounts.meaning[c.position] == "discount_amount"]
    changes: dict[int, str | None] = {c.position: None for c in ours if c not in chosen}
    product = amounts.product()
    is_gross = product is not None or not amounts.first("line_amount")
    if amounts.meaning[net.position] in ("line_amount", "gross_amount") and is_gross:
        changes[net.position] = "net_amount"
    others = [c for c in amounts.of("line_amount") if product and share_equal(product, amounts.value(c)) < 1]
    changes |= {c.position: "net_amount" for c in others}
    changes |= {before.position: "line_amount", net.position: "net_amount"} if before else {}
    names = " + ".join(repr(column.header) for column in chosen)
    return changes, [
        f"discount_amount: {names}, as the sample's sums give {net.header!r} when that is taken off"
    ]


def _inside_already(level: Amounts, every: Sequence[Column]) -> str:
    """Where an amount and what comes on top give the total without any discount, the discount is in the amount already."""
    for column in [c for c in every if c in level.columns]:
        rows = [position for position, value in enumerate(level.value(column)) if value]
        for before, total in product_of(level.befores(), level.of("gross_amount")) if rows else ():
            values = level.value(total)
            parts = [pick(before, rows), pick(values, rows)]
            is_other = values is not before and share_equal(*parts) < SHARE
            if (
                is_other
                and not _is_undercut(level, total, rows)
                and adds_up(parts[0], [ZERO] * len(rows), [pick(e, rows) for e in level.extras()], parts[1])
            ):
                return f"discount_amount: {column.header!r} is in the amount already, as that and tax give {total.header!r}"
    return ""


def _is_undercut(level: Amounts, total: Column, rows: Sequence[int]) -> bool:
    """Whether another amount of the file is less than a total on all of the rows, and more than half of it: the total was before a discount."""
    pairs = (
        zip(pick(level.value(c), rows), pick(level.value(total), rows), strict=True)
        for c in level.of("gross_amount", "net_amount", "payable_amount")
        if c is not total and c.position in level.once and total.position in level.once
    )
    return any(all(a and b and b / 2 < a < b for a, b in each) for each in pairs)


def _first_of(amounts: Amounts, every: Sequence[Column]) -> tuple[dict[int, str | None], list[str]]:
    """No sum of the file tells: the first discount is taken alone, and that is asked."""
    said = []
    product, line = amounts.product(), amounts.first("line_amount")
    if product and line and share_equal(product, line) < SHARE:
        said.append("line_amount: it is not quantity × price; see which of them is before discount")
    ours = [c for c in every if amounts.meaning[c.position] == "discount_amount"]
    if not ours:
        return {}, said
    if not product:
        said.append(
            f"discount_amount: no sum of the sample shows that {ours[0].header!r} comes off the amount; is the amount before it?"
        )
    if len(ours) > 1:
        left = ", ".join(column.header for column in ours[1:])
        said.append(
            f"discount_amount: {ours[0].header} is taken, {left} are not; see which of them come on top of it"
        )
    return {c.position: None for c in ours[1:]}, said


def less_in_payable(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """Where no column is a discount, an order's amount is less by it in what was to be paid, or than its lines are together."""
    level = case.levels(amounts)[-1]
    before = amount_before(level, case.words)
    if amounts.filled("discount_amount", "payable_amount") or before is None:
        return {}, []
    totals = [c for c in level.of("gross_amount", "net_amount") if level.value(c) is not before]
    if _is_borne(level, before, totals):
        return {}, []
    named = [c for c in totals if case.words.says("payable", c.header)]
    pairs = [(p, w) for p, w in product_of(named, totals) if _is_less(level, before, p, w)]
    for payable, whole in pairs[:1]:
        said = f"discount_amount: what {payable.header!r} is less than {whole.header!r} is taken as it"
        return {payable.position: "payable_amount", whole.position: "order_total"}, [said]
    lines = [c for c in level.of("line_amount") if level.product() and _is_below(before, level.value(c))]
    changes, asked = _below_total(level, before, [*totals, *lines], case.words)
    return {**{c.position: None for c in lines if changes}, **changes}, asked


def _is_below(before: Values, after: Values) -> bool:
    """Whether an amount is less than the one before it on some rows, and the same on all others."""
    found = lacking(before, after)
    return ZERO in found and any(found) and min(found) >= 0


def _below_total(
    level: Amounts, before: Values, totals: Sequence[Column], words: Words
) -> tuple[dict[int, str | None], list[str]]:
    """An order's amount that is less than its lines with what comes on top."""
    wholes = [level.value(c) for c in totals if says_whole(c, words)]
    made = [add_up([before, *chosen]) for chosen in subsets(level.extras())]
    if any(share_equal(each, whole) == 1 for each, whole in product_of(made, wholes)):
        return {}, []  # a whole is all of it: what is less was paid in part, or is due
    for total in (c for c in totals if _may_be_paid(level, c, words)):
        extras = below_lines(level, before, total)
        if extras is not None:
            on_top = "".join(f" with {c.header!r}" for c in extras)
            said = f"discount_amount: {total.header!r} is less than the order's lines{on_top} on some orders; that is taken as the order's discount"
            return {total.position: "payable_amount"}, [said]
    return {}, []


def _is_borne(level: Amounts, before: Values, totals: Sequence[Column]) -> bool:
    """Whether all that an order's amount is less than its lines is what others bear."""
    off = [sizes(level.value(c)) for c in level.filled(*OTHERS)]
    return bool(off) and any(adds_up(before, add_up(off), level.extras(), level.value(t)) for t in totals)


def _may_be_paid(level: Amounts, total: Column, words: Words) -> bool:
    """Whether an amount stands on most orders, or calls itself a whole: else it is less than the lines for another reason."""
    paid = level.value(total)
    is_usual = sum(bool(value) for value in paid) > len(paid) / 2
    return is_usual and (len(paid) > 1 or words.says("whole", total.header))


def _is_less(level: Amounts, before: Values, payable: Column, whole: Column) -> bool:
    """Whether what was to be paid is at most the whole, which is the lines with what comes on top."""
    pairs = zip(level.value(whole), level.value(payable), strict=True)
    both = [(w, p) for w, p in pairs if w and p is not None]
    less = [w - p for w, p in both]
    is_open = sum(p == 0 for _, p in both) > len(both) * (1 - SHARE)  # what is still due
    is_below = any(less) and min(less) >= 0 and not is_open
    return is_below and adds_up(before, [ZERO] * len(before), level.extras(), level.value(whole))


def below_lines(level: Amounts, before: Values, total: Column) -> list[Column] | None:
    """What comes on top of the lines where an order's total equals that on some orders and is below it on all others."""
    extras = level.on_top()
    paid = level.value(total)
    found = None
    for size in range(len(extras) + 1):
        for chosen in combinations(extras, size):
            less = lacking(add_up([before, *(level.value(c) for c in chosen)]), paid)
            if not any(less):
                return None  # there it is, without any discount
            is_below = min(less) >= 0 and (0 in less or len(less) == 1)
            found = list(chosen) if is_below and found is None else found
    return found if all((each or ZERO) >= 0 for each in paid) else None
