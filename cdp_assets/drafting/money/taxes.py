"""Whether prices hold tax, and how it is taken off them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product as product_of

from cdp_assets.drafting.money.case import MANY_ROWS, OFF, TOTALS, Case, first_of_them
from cdp_assets.drafting.money.sums import SHARE, ZERO, Amounts, Values, add_up, adds_up, pick, share_equal
from cdp_assets.drafting.money.wholes import says_whole
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.words import Words

MAX_RATE, HALF_CENT = 30, Decimal("0.0051")  # of a tax in per cent, and what rounding may differ by


@dataclass(frozen=True)
class Share:
    """What is left of amounts without tax: the whole less the part of it that is tax, or (`is_left`) the part, over the whole."""

    whole: Column
    part: Column
    of: frozenset[int]  # positions of the columns that hold tax
    is_left: bool = False


def tax_of(amounts: Amounts, words: Words) -> Column | None:
    """The order's tax by its name, else the one of the shortest header."""
    taxes = sorted(amounts.of("tax_amount"), key=lambda c: len(words_in(c.header)))
    return next((c for c in taxes if words.says("of_order", c.header)), first_of_them(taxes))


def further_taxes(amounts: Amounts, tax: Column | None) -> tuple[Column, ...]:
    """Taxes beside the order's that stand where that is nought, as columns for each rate do."""
    rows = [row for row, value in enumerate(amounts.value(tax)) if not value] if tax else []
    return tuple(c for c in amounts.filled("tax_amount") if any(pick(amounts.value(c), rows)))


def is_on_top_of(amounts: Amounts, total: Column, part: Column) -> bool:
    """Whether another amount of the file is the total with this part on top, so that the part is not inside the total."""
    rows = [row for row, value in enumerate(amounts.value(part)) if value]
    before, on = pick(amounts.value(total), rows), pick(amounts.value(part), rows)
    others = [
        pick(amounts.value(c), rows) for c in amounts.of("gross_amount", "net_amount") if c is not total
    ]
    return any(share_equal(add_up([before, on]), other) >= SHARE for other in others)


def _is_rate_on_top(taxes: Values, wholes: Values) -> bool | None:
    """Whether a tax is one round rate of an amount, and not of what it leaves of it (else the other way: inside); None where neither, or both."""
    told = [(abs(t), abs(w)) for t, w in zip(taxes, wholes, strict=True) if t and w]

    def is_round(bases: Sequence[Decimal]) -> bool:
        rates = (Decimal(half) / 200 for half in range(1, MAX_RATE * 2))
        return any(
            all(abs(base * rate - tax) <= HALF_CENT for base, (tax, _) in zip(bases, told, strict=True))
            for rate in rates
        )

    on_top, inside = is_round([w for _, w in told]), is_round([w - t for t, w in told])
    return None if on_top == inside or len(told) < MANY_ROWS else on_top


def share_without_tax(
    amounts: Amounts,
    case: Case,
    total: Column | None,
    tax: Column | None,
    own: Sequence[Column],
    *,
    is_line: bool,
) -> tuple[Share | None, list[str]]:
    """What is left of amounts without tax, where the file's sums or its two ways of one amount say that they hold it."""
    if is_line:
        found = _share_of_tax(amounts, case, tax, own) if tax else _share_of_totals(amounts, case, own)
        return found if found[0] or not tax else _share_by_rate(amounts, tax, own)
    if total is None:
        return None, []
    found = _share_of_pair(amounts, case.words, total, own)
    is_whole = says_whole(total, case.words) or case.words.says("without_tax", total.header)
    if found[0] or is_whole or not tax:
        return found
    found = _share_of_tax(amounts, case, tax, (total, *own))
    return found if found[0] else _share_by_name(amounts, case.words, total, tax, own)


def _share_by_name(
    amounts: Amounts, words: Words, total: Column, tax: Column, own: Sequence[Column]
) -> tuple[Share | None, list[str]]:
    """The share by the tax, where the order's amount says of itself that it holds it, and it is less than half of it."""
    held = [c for c in (total, *own) if words.says("tax_held", c.header)]
    pairs = zip(amounts.value(tax), amounts.value(total), strict=True)
    if (
        total not in held
        or not all(abs(a or ZERO) * 2 <= abs(b or ZERO) for a, b in pairs)
        or is_on_top_of(amounts, total, tax)
    ):
        return None, []
    names = ", ".join(repr(c.header) for c in held)
    said = f"tax_amount: {names} says that it holds tax; it is taken off by {tax.header!r}"
    return Share(total, tax, frozenset(c.position for c in held)), [said]


def _share_of_tax(
    amounts: Amounts, case: Case, tax: Column, own: Sequence[Column]
) -> tuple[Share | None, list[str]]:
    """The share by the tax, where lines make a whole without it on top, and no other amount."""
    told = [where_tax_is(level, tax) for level in case.levels(amounts)]
    if any(is_on_top for _, is_on_top in told):
        return None, []
    wholes = [whole for whole, _ in told if whole and says_whole(whole, case.words)]
    whole = next((each for each in wholes if amounts.is_once_as(each, tax)), None)
    if whole is None or _is_rate_on_top(amounts.value(tax), amounts.value(whole)):
        return None, []
    said = f"tax_amount: {tax.header!r} is inside the prices, as they give {whole.header!r} without it on top; it is taken off them"
    return Share(whole, tax, frozenset(c.position for c in own)), [said]


def _share_by_rate(amounts: Amounts, tax: Column, own: Sequence[Column]) -> tuple[Share | None, list[str]]:
    """The share by the tax, where by the rate that each row names it is that part of an amount which it is inside of, and not on top."""
    wholes = [c for c in amounts.of("payable_amount") or amounts.of(*TOTALS) if amounts.is_once_as(c, tax)]
    for rate, whole in product_of(amounts.filled("tax_rate"), wholes):
        if _is_inside(amounts.value(tax), amounts.value(rate), amounts.value(whole)):
            said = f"tax_amount: {tax.header!r} is inside {whole.header!r} by {rate.header!r}; it is taken off the prices"
            return Share(whole, tax, frozenset(c.position for c in (*own, whole))), [said]
    return None, []


def _is_inside(taxes: Values, rates: Values, wholes: Values) -> bool:
    """Whether a tax of so many per cent is inside an amount, and not on top of it."""
    told = [(t, r, w) for t, r, w in zip(taxes, rates, wholes, strict=True) if t and r and w]
    stated, inside = [t for t, _, _ in told], [w * r / (100 + r) for _, r, w in told]
    return share_equal(stated, inside) >= SHARE > share_equal(stated, [w * r / 100 for _, r, w in told])


def _share_of_pair(
    amounts: Amounts, words: Words, total: Column, own: Sequence[Column]
) -> tuple[Share | None, list[str]]:
    """The share by an order's amount that stands there without tax and with it, for what stands there with it only."""
    if not words.says("without_tax", total.header):
        return None, []
    with_tax = [c for c in amounts.columns if c is not total and words.says("with_tax", c.header)]
    pair = next((c for c in with_tax if c in amounts.of(*TOTALS) and _alike(c, total, words)), None)
    held = [c for c in own if c in with_tax]
    if pair is None or not held:
        return None, []
    names = ", ".join(repr(c.header) for c in held)
    said = f"tax_amount: {names} holds tax; it is taken off as {total.header!r} is less than {pair.header!r}"
    return Share(pair, total, frozenset(c.position for c in held), is_left=True), [said]


def _share_of_totals(amounts: Amounts, case: Case, own: Sequence[Column]) -> tuple[Share | None, list[str]]:
    """The same where the file has no tax, but the order's total with it, which its lines make, and without it."""
    level = case.levels(amounts)[-1]
    before = level.befores()[0]
    off = level.taken_off(len(before), *OFF)
    totals = level.of("gross_amount", "net_amount")
    nets = [c for c in totals if case.words.says("without_tax", c.header)]
    for net, whole in product_of(nets, (c for c in totals if c not in nets)):
        pairs = zip(level.value(net), level.value(whole), strict=True)
        is_less = net is not whole and all(a is None or b is None or abs(a) <= abs(b) for a, b in pairs)
        is_net = is_less and share_equal(level.value(net), level.value(whole)) < SHARE
        if is_net and adds_up(before, off, level.extras(), level.value(whole)):
            said = f"tax_amount: prices hold tax, as they give {whole.header!r}; it is taken off as {net.header!r} is less"
            return Share(whole, net, frozenset(c.position for c in own), is_left=True), [said]
    return None, []


def _alike(column: Column, other: Column, words: Words) -> bool:
    """Whether two headers differ in what they say of tax only."""
    note = f"{words.pattern('words', 'with_tax')}|{words.pattern('words', 'without_tax')}|\\W"
    texts = {re.sub(note, "", each.header.replace("_", " "), flags=re.IGNORECASE) for each in (column, other)}
    return len(texts) == 1


def where_tax_is(level: Amounts, tax: Column) -> tuple[Column | None, bool]:
    """The amount that goods less discounts, with what comes on top, are on the rows that have a tax, and whether the tax is on top, too."""
    rows = [row for row, value in enumerate(level.value(tax)) if value] if tax in level.columns else []
    if not rows or not level.befores():
        return None, False
    goods = level.befores()[0]
    before, off = pick(goods, rows), pick(level.taken_off(len(goods), *OFF), rows)
    with_tax = add_up([before, pick(level.value(tax), rows)])
    extras = [pick(level.value(c), rows) for c in level.on_top() if c is not tax]
    paid = {c: pick(level.value(c), rows) for c in level.of("gross_amount", "net_amount")}
    found = [
        (c, is_on_top)
        for is_on_top, first in ((True, with_tax), (False, before))
        for c in paid
        if adds_up(first, off, extras, paid[c])
    ]
    whole, is_on_top = next(iter(found), (None, False))
    by_rate = whole and not is_on_top and _is_rate_on_top(pick(level.value(tax), rows), paid[whole])
    return whole, bool(is_on_top or by_rate)


def words_in(header: str) -> list[str]:
    """The words of a header."""
    return [word for word in header.replace("_", " ").split() if any(char.isalnum() for char in word)]
