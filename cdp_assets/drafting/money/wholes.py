"""Which amounts are wholes of an order, what a whole lacks, and what fees leave of one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations
from itertools import product as product_of

from cdp_assets.drafting.money.case import (
    LEAST_TAX,
    MANY_ROWS,
    MAX_UNKNOWN,
    OFF,
    TOTALS,
    Case,
    first_of_them,
    telling_rows,
)
from cdp_assets.drafting.money.sums import (
    CENTS,
    MAX_EXTRAS,
    SHARE,
    ZERO,
    Amounts,
    Values,
    add_up,
    adds_up,
    negated,
    pick,
    share_equal,
    sizes,
    subsets,
)
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.words import Words


def left_of_fees(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """What is left of an amount after fees was paid out to the shop: it is no order's amount."""
    fees = [amounts.value(c) for c in amounts.filled("fee")][:MAX_EXTRAS]
    wholes = amounts.of("gross_amount", "net_amount", "line_amount", "unit_price")
    pairs = [(w, c) for w, c in product_of(wholes, amounts.of("gross_amount", "net_amount")) if w is not c]
    changes: dict[int, str | None] = {}
    every = add_up([sizes(each) for each in fees])
    unknown = [sizes(amounts.value(c)) for c in amounts.filled(None)][
        : MAX_EXTRAS if fees else 0
    ]  # a fee's tax
    for fee in [*fees, every, *(add_up([every, each]) for each in unknown)]:
        rows = [position for position, value in enumerate(fee) if value]
        for whole, left in pairs if len(rows) > 1 else ():
            if whole.position not in changes and _is_left(amounts, whole, left, fee, rows):
                changes[left.position] = "payout"
    return changes, []


def tax_of_fee(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """A tax that is a part of the fee on each row, and next to nothing of the amount, is the fee's own."""
    fee = add_up([sizes(amounts.value(c)) for c in amounts.filled("fee")])
    totals = [amounts.value(c) for c in amounts.of(*TOTALS)][:1]
    changes: dict[int, str | None] = {}
    for column in amounts.filled("tax_amount") if fee and totals else ():
        rows = [
            (abs(tax), off, abs(paid or ZERO))
            for tax, off, paid in zip(amounts.value(column), fee, totals[0], strict=True)
            if tax
        ]
        if all(tax < off and tax * LEAST_TAX < paid for tax, off, paid in rows):
            changes[column.position] = None
    return changes, []


def _is_left(amounts: Amounts, whole: Column, left: Column, fee: Values, rows: list[int]) -> bool:
    """Whether an amount is another one less a fee, with what was refunded on top or not."""
    before, after, off = (pick(each, rows) for each in (amounts.value(whole), amounts.value(left), fee))
    refunds = [pick(amounts.value(c), rows) for c in amounts.of("refund_amount")[:1]]
    return adds_up(before, off, refunds, after) or adds_up(sizes(before), off, [], sizes(after))


def makes_a_whole(amounts: Amounts, case: Case) -> bool:
    """Whether goods and known amounts make a whole of the file, on rows or on orders."""
    sums = chain.from_iterable(_known_sums(telling_rows(level), case.words) for level in case.levels(amounts))
    return any(share_equal(made, whole) >= SHARE for _, whole, made in sums)


def missing_in_whole(amounts: Amounts, case: Case) -> tuple[dict[int, str | None], list[str]]:
    """What goods and known amounts lack of a whole, one or two amounts of unknown headers are: on all orders, to the cent."""
    level = telling_rows(case.levels(amounts)[-1])
    sums = _known_sums(level, case.words)
    if any(share_equal(made, whole) >= SHARE for _, whole, made in sums):
        return {}, []
    unread = [c for c in level.filled(None) if case.roles.role(c) is None]
    unknown = [c for c in unread if not ("percent" in c.strips or case.words.says("share", c.header))]
    signed = [
        (c, values) for c in unknown[:MAX_UNKNOWN] for values in (level.value(c), negated(level.value(c)))
    ]
    tried = product_of((1, 2), sums)
    found = (
        (total, chosen)
        for size, (total, whole, made) in tried
        for chosen in combinations(signed, size)
        if _is_missing([values for _, values in chosen], whole, made)
    )
    return next((_found_missing(total, chosen) for total, chosen in found), ({}, []))


def _is_missing(parts: Sequence[Values], whole: Values, made: Values) -> bool:
    """Whether some amounts are what a sum lacks of a whole on all rows of at least three, and no more than half of it."""
    rows = [
        row for row, (a, b) in enumerate(zip(whole, made, strict=True)) if a is not None and b is not None
    ]
    lacks = ((row, sum((values[row] or ZERO for values in parts), ZERO)) for row in rows)
    return len(rows) >= MANY_ROWS and all(
        abs((made[row] or ZERO) + part - (whole[row] or ZERO)) <= CENTS
        and abs(part) * 2 <= abs(made[row] or ZERO)
        for row, part in lacks
    )


def _found_missing(
    total: Column, chosen: Sequence[tuple[Column, Values]]
) -> tuple[dict[int, str | None], list[str]]:
    changes: dict[int, str | None] = {}
    said = []
    for column, values in chosen:
        is_off = all((value or ZERO) <= 0 for value in values)
        changes[column.position] = "discount_amount" if is_off else "surcharge"
        what = "comes off the goods; is it yours to bear?" if is_off else "comes on top of the goods"
        said.append(f"{column.header!r}: {total.header!r} is the sum of the others only if it {what}")
    return changes, said


def _known_sums(level: Amounts, words: Words) -> list[tuple[Column, Values, Values]]:
    """Each whole of the file, its amounts, and a sum of goods and known amounts that may be it: what holds most of them first."""
    before = level.befores()[0] if level.of("unit_price") else amount_before(level, words)
    totals = level.of("gross_amount", "net_amount", "payable_amount", "order_total")
    wholes = [c for c in totals if says_whole(c, words) or words.says("payable", c.header)]
    if before is None or not wholes:
        return []
    off = [negated(sizes(level.value(c))) for c in level.filled(*OFF)[:MAX_EXTRAS]]
    chosen = sorted(subsets([*level.extras(), *off]), key=len, reverse=True)
    return [
        (c, level.value(c), add_up([before, *each]))
        for each in chosen
        for c in wholes
        if level.value(c) is not before
    ]


def asked_of_whole(amounts: Amounts, case: Case, *, has_payable: bool) -> list[str]:
    """Wholes of the file that goods less discounts, with whatever comes on top, are not."""
    level = telling_rows(case.levels(amounts)[-1])
    sums = [] if has_payable else _known_sums(level, case.words)
    if not sums or any(share_equal(made, whole) >= SHARE for _, whole, made in sums):
        return []
    names = ", ".join(dict.fromkeys(repr(column.header) for column, _, _ in sums))
    return [
        f"gross_amount: no sum of goods, discounts and what comes on top gives {names}: an amount is missing, or is not what it is taken as"
    ]


def amount_before(level: Amounts, words: Words) -> Values | None:
    """What an order's lines are together, else its amount that calls itself so."""
    if level.product() or level.first("line_amount", "unit_price"):
        return level.befores()[0]
    total = total_of(level, words)
    is_before = total and (words.says("before", total.header) or _is_before_another(level, total))
    return level.value(total) if total and is_before else None


def is_all_paid(amounts: Amounts, words: Words) -> bool:
    """Whether the order's amount is all that was paid: it calls itself so, or the file says what fees leave of it."""
    total = total_of(amounts, words)
    if total is None or amounts.product() or amounts.first("line_amount"):
        return False
    is_paid_out = any(_is_fee_off(amounts, total, c) for c in amounts.of("payout"))
    return is_paid_out or (says_whole(total, words) and not _is_before_another(amounts, total))


def _is_fee_off(amounts: Amounts, total: Column, left: Column) -> bool:
    fees = [sizes(amounts.value(c)) for c in amounts.filled("fee")]
    rows = [row for row, value in enumerate(add_up(fees)) if value] if fees else []
    return bool(rows) and _is_left(amounts, total, left, add_up(fees), rows)


def says_whole(total: Column, words: Words) -> bool:
    """Whether an amount calls itself a whole, and not what it was before."""
    return words.says("whole", total.header) and not words.says("before", total.header)


def total_of(amounts: Amounts, words: Words) -> Column | None:
    """The order's amount: before discount, tax and shipping, where several amounts stand side by side."""
    found = amounts.of("gross_amount") or amounts.of("net_amount")
    most = max((c.share for c in found), default=0.0)
    found = [c for c in found if c.share * 2 > most]  # what stands on a few rows only is the file's
    found = [c for c in found if _holds_tax(amounts, c)] or found
    proven = [c for c in found if _is_before_another(amounts, c)]
    said = [c for c in found if words.says("before", c.header)]
    return first_without_tax([*proven, *said] or found, words)


def _holds_tax(amounts: Amounts, total: Column) -> bool:
    """Whether an amount is at least the tax on each row: no order's amount is less than that."""
    taxes = amounts.filled("tax_amount")[:1]
    pairs = (pair for tax in taxes for pair in zip(amounts.value(tax), amounts.value(total), strict=True))
    return all(abs(tax or ZERO) <= abs(value or ZERO) for tax, value in pairs)


def _is_before_another(amounts: Amounts, column: Column) -> bool:
    """Whether an amount less the discounts, with something on top, is another one of the file."""
    before = amounts.value(column)
    off = amounts.taken_off(len(before), "discount_amount")
    others = [amounts.value(c) for c in amounts.of("gross_amount", "net_amount") if c is not column]
    made = [each for each in others if share_equal(before, each) < SHARE]
    return bool(amounts.extras()) and any(adds_up(before, off, amounts.extras(), each) for each in made)


def first_without_tax(columns: Sequence[Column], words: Words) -> Column | None:
    """The first that does not include tax, where the file has it both ways."""
    filled = [c for c in columns if not c.is_blank] or columns
    return next((c for c in filled if words.says("without_tax", c.header)), first_of_them(filled))
