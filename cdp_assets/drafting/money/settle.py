"""Which amounts of a sample are one piece's, the line's or the order's, and which discounts come off: by the sample's own arithmetic.

Headers say little ("amount", "total", "discount") and often the wrong thing; the sample's sums say which reading holds. Each step hands on
the amounts with some of them meaning something else, and says why; the last one puts together what the shapes need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product as product_of

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.money.case import MANY_OF_A_KIND, TOTALS, Case, Step, first_of_them
from cdp_assets.drafting.money.discounts import (
    below_lines,
    by_discounts,
    less_in_payable,
    sellers_part,
    share_taken_off,
    sum_of_others,
)
from cdp_assets.drafting.money.prices import (
    between_prices,
    by_pieces,
    one_of_prices,
    orders_own,
    price_by_sums,
    price_of_line,
    quantity_by_sums,
)
from cdp_assets.drafting.money.sums import ZERO, Amounts, Values, add_up, adds_up, negated, pick, sizes
from cdp_assets.drafting.money.taxes import (
    Share,
    further_taxes,
    is_on_top_of,
    share_without_tax,
    tax_of,
    where_tax_is,
)
from cdp_assets.drafting.money.wholes import (
    amount_before,
    asked_of_whole,
    first_without_tax,
    is_all_paid,
    left_of_fees,
    missing_in_whole,
    tax_of_fee,
    total_of,
)
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Roles
from cdp_assets.drafting.rows.conditions import Rows
from cdp_assets.drafting.words import Words, is_a

TRIED = 600  # rows on which sums are tried, beside some of each kind


@dataclass(frozen=True)
class Money:
    """The amounts of an order and its lines, settled.

    `line`: columns whose product is a line's amount before discount; `total`: the order's amount where it has no lines, of which `inside` is
    no goods; `discounts` come off together; or the discount is what `whole` (a column, or the sum of lines where None, with `on_top`) exceeds `payable` by.
    """

    line: tuple[Column, ...] = ()
    total: Column | None = None
    inside: tuple[Column, ...] = ()
    discounts: tuple[Column, ...] = ()
    is_after: bool = False  # the line's or order's amount is after them, so they are put back
    platform: tuple[Column, ...] = ()
    creator: tuple[Column, ...] = ()
    borne: Column | None = None  # a discount of which the seller bears a part, and the platform the rest
    share: Share | None = None
    is_tax_on_top: bool = False
    whole: Column | None = None
    payable: Column | None = None
    on_top: tuple[Column, ...] = ()
    shipping: Column | None = None
    shipping_off: Column | None = None
    tax: Column | None = None
    more_taxes: tuple[Column, ...] = ()  # of other rates
    others: tuple[Column, ...] = ()  # paid beside goods, shipping and tax: tips, packing
    fee: Column | None = None
    price: Column | None = None
    quantity: Column | None = None
    cost: Column | None = None
    refund: Column | None = None
    below: frozenset[int] = frozenset()  # what sales have a minus in
    of_rows: frozenset[int] = frozenset()  # the same on an order's rows by chance, but a row's
    meaning: Mapping[int, str | None] = field(default_factory=dict)
    questions: tuple[str, ...] = ()


def money_of(roles: Roles, keys: Keys, rows: Rows, words: Words, *, is_document: bool = False) -> Money:
    """Settle the amounts of a sample over the rows that are sales. `is_document`: JSON, as of an interface between machines."""
    numbers = tuple(c for c in roles.columns if c.numbers and not c.is_blank)
    order = keys.order if len(keys.key) <= 1 and keys.is_many else None
    kept = _few_of(_sale_rows(roles, rows), numbers, order.texts if order else None)
    article = roles.first("sku", "product_name")
    ids = [order.texts[row] for row in kept] if order else None
    articles = [article.texts[row] for row in kept] if article else None
    case = Case(words, roles, ids, articles, is_document)
    amounts, below = _amounts(roles, keys, numbers, kept)
    questions: list[str] = []
    for step in STEPS:
        changes, said = step(amounts, case)
        amounts = amounts.meant(changes)
        questions += said
    return replace(_settled(amounts, case, questions), below=below)


def _amounts(
    roles: Roles, keys: Keys, numbers: tuple[Column, ...], kept: Sequence[int]
) -> tuple[Amounts, frozenset[int]]:
    """The numbers of the rows that are sales, and the columns in which all sales have a minus, which is taken off."""
    values = {c.position: pick(c.numbers, kept) for c in numbers}
    meaning = {c.position: roles.role(c) for c in numbers}
    below = _below_nought(numbers, meaning, values)
    values |= {position: negated(values[position]) for position in below}
    return Amounts(numbers, meaning, values, frozenset(c.position for c in numbers if keys.is_once(c))), below


def _below_nought(
    numbers: Sequence[Column], meaning: Mapping[int, str | None], values: Mapping[int, Values]
) -> frozenset[int]:
    """Columns whose amounts of sales are all below nought, where the quantity or the amount itself is: there a sale has a minus."""
    below = {
        c.position: meaning[c.position]
        for c in numbers
        if any(values[c.position]) and all((value or ZERO) <= 0 for value in values[c.position])
    }
    is_sold_so = any(role in (*TOTALS, "quantity") for role in below.values())
    kept = (*TOTALS, "quantity", "unit_price", "tax_amount", "shipping_amount")
    return frozenset(position for position, role in below.items() if is_sold_so and role in kept)


def _sale_rows(roles: Roles, rows: Rows) -> list[int]:
    """Positions of the rows that are sales; of all rows where none is."""
    count = len(roles.columns[0].texts) if roles.columns else 0
    return [row for row, is_sale in enumerate(rows.are_goods(count)) if is_sale] or list(range(count))


def _few_of(kept: Sequence[int], numbers: Sequence[Column], ids: Sequence[str] | None) -> list[int]:
    """The first of many rows, and some of each kind of them (which of the amounts they have), with all rows of their orders."""
    seen: Counter[tuple[bool, ...]] = Counter()
    chosen = set()
    for number, row in enumerate(kept):
        kind = tuple(bool(c.numbers[row]) for c in numbers)
        seen[kind] += 1
        if number < TRIED or seen[kind] <= MANY_OF_A_KIND:
            chosen.add(ids[row] if ids else row)
    return [row for row in kept if (ids[row] if ids else row) in chosen]


STEPS: tuple[Step, ...] = (
    orders_own, tax_of_fee, left_of_fees, quantity_by_sums, price_by_sums, between_prices, one_of_prices, by_pieces, share_taken_off,
    sum_of_others, price_of_line, missing_in_whole, by_discounts, sellers_part, less_in_payable,
)  # fmt: skip


def _is_tax_on_top(
    amounts: Amounts, case: Case, total: Column | None, tax: Column | None, *, is_line: bool
) -> bool:
    """Whether the file's sums show that the tax comes on top of the lines, or of the order's amount."""
    if tax is None or not is_line:
        return bool(tax and total and is_on_top_of(amounts, total, tax))
    return any(where_tax_is(level, tax)[1] for level in case.levels(amounts))


def _inside(
    amounts: Amounts, words: Words, total: Column, parts: Sequence[Column | None]
) -> tuple[Column, ...]:
    """Those of some amounts that the order's total holds."""
    return tuple(c for c in parts if c and _counts(amounts, c, words) and not is_on_top_of(amounts, total, c))


def _settled(amounts: Amounts, case: Case, questions: list[str]) -> Money:
    """What the shapes need of the amounts."""
    words = case.words
    line = first_without_tax(amounts.of("line_amount"), words)
    price, quantity = (
        first_without_tax(amounts.of("unit_price"), words),
        first_of_them(amounts.of("quantity")),
    )
    factors = (line,) if line else (quantity, price) if price else ()
    total = total_of(amounts, words)
    shipping, off, said = _shipping(amounts, case)
    tax = tax_of(amounts, words)
    more = further_taxes(amounts, tax)
    others = tuple(amounts.filled("tip", "surcharge"))
    held = tuple(amounts.of("held_discount"))
    discounts = held or tuple(amounts.filled("discount_amount") or amounts.of("discount_amount")[:1])
    payable, whole = first_of_them(amounts.of("payable_amount")), first_of_them(amounts.of("order_total"))
    is_whole = total is not None and not any(factors) and is_all_paid(amounts, words)
    inside = _inside(amounts, words, total, (shipping, tax, *more, *others)) if total and is_whole else ()
    platform, creator = (tuple(amounts.filled(role)) for role in ("platform_discount", "creator_discount"))
    own = [c for c in (*factors, *discounts, *platform, *creator, shipping) if c and c is not quantity]
    share, told = share_without_tax(amounts, case, total, tax, own, is_line=any(factors))
    parts = () if share or any(factors) else (tax, shipping)
    asked = _asked_of_total(amounts, total, inside, discounts, parts, is_whole=is_whole)
    missing = asked_of_whole(amounts, case, has_payable=bool(payable))
    return Money(
        line=tuple(c for c in factors if c),
        total=total,
        inside=inside,
        discounts=discounts,
        is_after=bool(held),
        platform=platform,
        creator=creator,
        borne=first_of_them(amounts.of("whole_discount")),
        share=share,
        is_tax_on_top=bool(tax) and _is_tax_on_top(amounts, case, total, tax, is_line=any(factors)),
        whole=whole,
        payable=payable,
        on_top=_on_top(amounts, case, None if whole else payable),
        shipping=shipping,
        shipping_off=off,
        tax=tax,
        more_taxes=more,
        others=others,
        fee=first_of_them(amounts.filled("fee")),
        price=price,
        quantity=quantity,
        cost=first_of_them(amounts.of("unit_cost")),
        refund=first_of_them([*amounts.filled("refund_amount"), *amounts.of("refund_amount")]),
        of_rows=frozenset(c.position for c in discounts if case.ids and _is_of_rows(amounts, c, case)),
        meaning=amounts.meaning,
        questions=(
            *questions,
            *said,
            *told,
            *asked,
            *missing,
            *(
                f"tax_amount: {c.header!r} stands where {tax.header!r} is nought, so it is added"
                for c in more
                if tax
            ),
            *_cents(amounts, words),
            *_of_each_piece(amounts, case),
            *_whole_numbers(amounts, case),
        ),
    )


def _counts(amounts: Amounts, column: Column, words: Words) -> bool:
    """Whether a part of a whole is there and does not say of itself that it is inside another one."""
    return any(amounts.value(column)) and not words.says("included", column.header)


def _on_top(amounts: Amounts, case: Case, payable: Column | None) -> tuple[Column, ...]:
    """What an order's total holds beside its lines, as far as the sample's sums show."""
    if payable is None:
        return ()
    level = case.levels(amounts)[-1]
    return tuple(below_lines(level, amount_before(level, case.words) or (), payable) or ())


def _asked_of_total(
    amounts: Amounts,
    total: Column | None,
    inside: Sequence[Column],
    discounts: Sequence[Column],
    parts: Sequence[Column | None],
    *,
    is_whole: bool,
) -> list[str]:
    """What is taken out of a whole; else whether an order's amount holds what no sum of the file shows to be on top of it."""
    if total is None:
        return []
    if not is_whole:
        held = [
            repr(c.header)
            for c in parts
            if c and any(amounts.value(c)) and not is_on_top_of(amounts, total, c)
        ]
        is_net = not held or amounts.meaning[total.position] == "net_amount"
        said = f"gross_amount: does {total.header!r} hold {' and '.join(held)}? it is taken as without"
        return [] if is_net else [said]
    less, off = (", ".join(repr(c.header) for c in each) for each in (inside, discounts))
    more = f" and, as it is taken to be after discount, with {off} added" if off else ""
    said = f"gross_amount: {total.header!r} is a whole, so goods are taken as it{f' less {less}' if less else ''}{more}; does it include them?"
    return [said] if less or off else []


def _is_of_rows(amounts: Amounts, column: Column, case: Case) -> bool:
    """Whether a discount makes its own row's amount, so that it is the row's though it is the same on its order's rows."""
    if column.position not in amounts.once:
        return False
    rows = amounts.of_rows()
    nets = [rows.value(c) for c in rows.of("net_amount", "line_amount") if c.position not in amounts.once]
    filled = [position for position, value in enumerate(amounts.value(column)) if value]
    taken = add_up([sizes(amounts.value(c)) for c in amounts.filled("discount_amount", "platform_discount")])
    return any(
        adds_up(pick(before, filled), pick(taken, filled), [], pick(net, filled))
        for before, net in product_of(amounts.befores(), nets)
        if net is not before
    )


def _shipping(amounts: Amounts, case: Case) -> tuple[Column | None, Column | None, list[str]]:
    """What the buyer paid for shipping: after its own discount; and what must be taken off it where the file has only what it was before."""
    found = [c for c in amounts.of("shipping_amount") if c.numbers]
    before, off = (
        first_of_them(amounts.of("shipping_before")),
        first_of_them(amounts.filled("shipping_discount")),
    )
    final = [c for c in found if case.words.says("final", c.header)]
    if found:
        chosen = first_without_tax(final or found, case.words) or found[0]
        others = [c.header for c in [*found, *amounts.of("shipping_before")] if c is not chosen]
        said = (
            [f"shipping_amount: {chosen.header!r} is taken, not {', '.join(map(repr, others))}"]
            if others
            else []
        )
        return chosen, None, said
    if before is None:
        return None, None, []
    less = f" less {off.header!r}" if off else "; was a discount on shipping taken off it?"
    return before, off, [f"shipping_amount: {before.header!r}{less}"]


def _cents(amounts: Amounts, words: Words) -> list[str]:
    named = [c for c in amounts.columns if words.says("cents", c.header)]
    said = "by its name in cents, so the models take a hundredth of it"
    return [f"{c.header!r}: {said}" for c in named if is_a(amounts.meaning[c.position], "money")]


def _of_each_piece(amounts: Amounts, case: Case) -> list[str]:
    """Shipping, tax and discounts that call themselves of each piece, on rows of several pieces."""
    named = amounts.filled("shipping_amount", "tax_amount", "discount_amount")
    found = [repr(c.header) for c in named if case.words.says("per_piece", c.header)]
    is_asked = found and any(pieces not in (None, 0, 1) for pieces in amounts.first("quantity") or ())
    said = f"{', '.join(found)}: by its name of one piece, and not multiplied by the quantity; should it be?"
    return [said] if is_asked else []


def _whole_numbers(amounts: Amounts, case: Case) -> list[str]:
    """Documents of payment services count in cents and do not say so."""
    found = [c for c in amounts.of(*TOTALS, "unit_price") if any(amounts.value(c))]
    filled = [value for c in found for value in amounts.value(c) if value]
    is_whole = all(value == int(value) and value >= 100 for value in filled)
    is_said = any(case.words.says("cents", c.header) for c in found)
    if not found or not case.is_document or not is_whole or is_said:
        return []
    names = ", ".join(repr(c.header) for c in found)
    return [
        f"gross_amount: {names} holds whole numbers only: are they cents? then divide by 100 where the models use it"
    ]
