"""Which amounts of a sample are one piece's, the line's or the order's, and which discounts come off: by the sample's own arithmetic.

Headers say little ("amount", "total", "discount") and often the wrong thing; the sample's sums say which reading holds. Each step hands on
the amounts with some of them meaning something else, and says why; the last one puts together what the shapes need.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain, combinations
from itertools import product as product_of

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles import Roles
from cdp_assets.drafting.rows import Rows
from cdp_assets.drafting.sums import (
    CENTS,
    MAX_EXTRAS,
    SHARE,
    ZERO,
    Amounts,
    Values,
    add_up,
    adds_up,
    less,
    multiply,
    negated,
    pick,
    share_equal,
    sizes,
    subsets,
)
from cdp_assets.drafting.words import Words, is_a

MAX_DISCOUNTS = 6
LEAST_TAX = 40  # no tax on goods is less than this part of them
MAX_UNKNOWN, MANY_ROWS = (
    8,
    3,
)  # amounts of unknown headers that are tried, and rows from which on their sums tell
MANY_OF_A_KIND, MANY_TRIED = 8, 80  # rows of a kind, and in all, on which unknown amounts are tried
TRIED = 600  # rows on which sums are tried, beside some of each kind
# what may make a payment smaller than the goods
OFF = ("discount_amount", "platform_discount", "creator_discount", "redeemed")
OTHERS = OFF[1:]  # … and is not the seller's discount: another bears it, or it is a means of payment
TOTALS = ("gross_amount", "line_amount", "net_amount")


@dataclass(frozen=True)
class Share:
    """What is left of amounts without tax: the whole less the part of it that is tax, or (`is_left`) the part, over the whole."""

    whole: Column
    part: Column
    of: frozenset[int]  # positions of the columns that hold tax
    is_left: bool = False


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


@dataclass(frozen=True)
class _Case:
    """What every step looks at beside the amounts."""

    words: Words
    roles: Roles
    ids: Sequence[str] | None  # of the order, where several rows share one
    articles: Sequence[str] | None
    is_document: bool = False
    seen: dict[int, tuple[Amounts, list[Amounts]]] = field(
        default_factory=dict
    )  # levels, which steps ask for again

    def orders_of_several(self) -> int:
        """How many orders of the sample name several different articles."""
        named: dict[str, set[str]] = defaultdict(set)
        for order, article in zip(self.ids or (), self.articles or (), strict=False):
            named[order].add(article)
        return sum(len(each) > 1 for each in named.values())

    def levels(self, amounts: Amounts) -> list[Amounts]:
        """The amounts of rows, then those of orders, where the file holds both."""
        if self.ids is None or not amounts.once:
            return [amounts]
        if id(amounts) not in self.seen:
            self.seen[id(amounts)] = amounts, [amounts.of_rows(), amounts.per_order(self.ids)]
        return self.seen[id(amounts)][1]


Step = Callable[[Amounts, _Case], tuple[Mapping[int, str | None], list[str]]]


def money_of(roles: Roles, keys: Keys, rows: Rows, words: Words, *, is_document: bool = False) -> Money:
    """Settle the amounts of a sample over the rows that are sales. `is_document`: JSON, as of an interface between machines."""
    numbers = tuple(c for c in roles.columns if c.numbers and not c.is_blank)
    order = keys.order if len(keys.key) <= 1 and keys.is_many else None
    kept = _few_of(_sale_rows(roles, rows), numbers, order.texts if order else None)
    article = roles.first("sku", "product_name")
    ids = [order.texts[row] for row in kept] if order else None
    articles = [article.texts[row] for row in kept] if article else None
    case = _Case(words, roles, ids, articles, is_document)
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


def _orders_own(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _paid_out(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _tax_of_fee(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _one_price(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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
    amounts: Amounts, prices: Sequence[Column], case: _Case
) -> Iterator[tuple[Amounts, list[Values]]]:
    """The amounts of rows, then of orders, and quantity × each of the prices on them."""
    others = [[p.position for p in prices if p is not c] for c in prices]
    trials = [case.levels(amounts.meant(dict.fromkeys(each))) for each in others]
    for place, level in enumerate(case.levels(amounts)):
        yield level, [levels[place].product() or () for levels in trials]


def _is_any(product: Values, totals: Sequence[Values]) -> bool:
    return any(share_equal(product, total) >= SHARE for total in totals if product)


def _may_be_product(total: Column, level: Amounts, case: _Case) -> bool:
    """Whether an amount may be quantity × price: beside discounts the line's own, or an order's that calls itself before them."""
    has_off = bool(level.filled("discount_amount", "platform_discount"))
    is_order_s = total.position in level.once
    is_before = is_order_s and case.words.says("before", total.header)
    return is_before or not has_off or level.meaning[total.position] == "line_amount"


def _quantity_by_sums(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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
        if _all_equal(product, whole) and share_equal(price, whole) < 1:
            return column
    return None


def _is_before_off(amounts: Amounts, product: Values, totals: Sequence[Values]) -> bool:
    """Whether a line's amount is less than a product by discounts of the file."""
    off = [sizes(amounts.value(c)) for c in amounts.filled(*OFF)[:MAX_DISCOUNTS]]
    made = [less(product, add_up(chosen)) for chosen in subsets(off) if chosen] if product else []
    return any(share_equal(each, total) >= SHARE for each, total in product_of(made, totals))


def _price_by_sums(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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
        if _all_equal(product, amounts.value(column)) and any(pick(product, rows)):
            return {column.position: "line_amount"}
    return None


def _with_and_without_discounts(amounts: Amounts, count: int) -> list[Sequence[Decimal | None]]:
    """The rows' totals, and the same with what was taken off put back."""
    off = amounts.taken_off(count, "discount_amount")
    wholes = [amounts.value(c) for c in amounts.of(*TOTALS) if c.position not in amounts.once]
    return [*wholes, *(add_up([whole, off]) for whole in wholes)]


def _between_prices(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """Of two prices that a discount lies between, the one before it is a piece's."""
    prices, quantity = amounts.of("unit_price"), amounts.first("quantity")
    for before, after in product_of(prices, prices):
        parts = [amounts.value(before), amounts.value(after)]
        between = less(parts[0], parts[1])
        made = multiply(quantity, between) or between
        for off in amounts.filled("discount_amount") if any(between) else ():
            if share_equal(made, sizes(amounts.value(off))) == 1:
                said = f"unit_price: {before.header!r}, as less {off.header!r} it is {after.header!r}"
                return {c.position: None for c in prices if c is not before}, [said]
    return {}, []


def _with_extras(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """A line's amount that is quantity × price with tax or shipping on top is no amount before them."""
    product, extras = amounts.product(), amounts.extras()
    for column in amounts.of("line_amount") if product else ():
        values = amounts.value(column)
        if share_equal(product or [], values) < 1 and adds_up(
            product or [], [ZERO] * len(values), extras, values
        ):
            said = f"line_amount: {column.header!r} is quantity × price with tax or shipping on top, so the product is taken"
            return {column.position: None}, [said]
    return {}, []


def _pieces(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _is_left(amounts: Amounts, whole: Column, left: Column, fee: Values, rows: list[int]) -> bool:
    """Whether an amount is another one less a fee, with what was refunded on top or not."""
    before, after, off = (pick(each, rows) for each in (amounts.value(whole), amounts.value(left), fee))
    refunds = [pick(amounts.value(c), rows) for c in amounts.of("refund_amount")[:1]]
    return adds_up(before, off, refunds, after) or adds_up(sizes(before), off, [], sizes(after))


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


def _share_off(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _sum_of_others(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """A discount that is the sum of the others says nothing more where one of them is the platform's; else it stands for all of them."""
    ours, platforms = (
        amounts.filled("discount_amount"),
        amounts.filled("platform_discount", "creator_discount"),
    )
    every = [*ours, *platforms][:MAX_DISCOUNTS]
    for column in ours if len(every) > 2 else ():
        others = [c for c in every if c is not column]
        if share_equal(amounts.value(column), add_up([amounts.value(c) for c in others])) >= SHARE:
            dropped = [column] if platforms else others
            return {c.position: None for c in dropped}, [
                f"discount_amount: {column.header!r} is the sum of the other discounts"
            ]
    return {}, []


def _price_of_line(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """A price that makes a whole of the file as it is, and does not times the quantity, is the line's amount."""
    prices = amounts.of("unit_price")
    if len(prices) != 1 or not amounts.of("quantity") or amounts.of("line_amount"):
        return {}, []
    change = {prices[0].position: "line_amount"}
    if _has_whole(amounts, case) or not _has_whole(amounts.meant(change), case):
        return {}, []
    said = f"{prices[0].header!r}: as it makes a whole of the file without the quantity, it is taken as the line's amount"
    return {**change}, [said]


def _has_whole(amounts: Amounts, case: _Case) -> bool:
    """Whether goods and known amounts make a whole of the file, on rows or on orders."""
    sums = chain.from_iterable(_known_sums(_telling(level), case.words) for level in case.levels(amounts))
    return any(share_equal(made, whole) >= SHARE for _, whole, made in sums)


def _missing_in_whole(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """What goods and known amounts lack of a whole, one or two amounts of unknown headers are: on all orders, to the cent."""
    level = _telling(case.levels(amounts)[-1])
    sums = _known_sums(level, case.words)
    if any(share_equal(made, whole) >= SHARE for _, whole, made in sums):
        return {}, []
    unknown = [
        c for c in level.filled(None) if not ("percent" in c.strips or case.words.says("share", c.header))
    ]
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


def _telling(level: Amounts) -> Amounts:
    """A few rows of each kind: which of the amounts they have."""
    seen: dict[tuple[bool, ...], list[int]] = defaultdict(list)
    for row, there in enumerate(zip(*(map(bool, values) for values in level.values.values()), strict=True)):
        seen[there].append(row)
    rows = sorted(row for each in seen.values() for row in each[:MANY_OF_A_KIND])[:MANY_TRIED]
    return level.on(rows)


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


def _all_equal(made: Values, whole: Values) -> bool:
    """Whether two amounts are the same on all rows of at least three that have them."""
    pairs = [(a, b) for a, b in zip(made, whole, strict=True) if a is not None and b is not None]
    return len(pairs) >= MANY_ROWS and all(abs(a - b) <= CENTS for a, b in pairs)


def _known_sums(level: Amounts, words: Words) -> list[tuple[Column, Values, Values]]:
    """Each whole of the file, its amounts, and a sum of goods and known amounts that may be it: what holds most of them first."""
    before = level.befores()[0] if level.of("unit_price") else _before(level, words)
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


def _asked_of_whole(amounts: Amounts, case: _Case, *, has_payable: bool) -> list[str]:
    """Wholes of the file that goods less discounts, with whatever comes on top, are not."""
    level = _telling(case.levels(amounts)[-1])
    sums = [] if has_payable else _known_sums(level, case.words)
    if not sums or any(share_equal(made, whole) >= SHARE for _, whole, made in sums):
        return []
    names = ", ".join(dict.fromkeys(repr(column.header) for column, _, _ in sums))
    return [
        f"gross_amount: no sum of goods, discounts and what comes on top gives {names}: an amount is missing, or is not what it is taken as"
    ]


def _taken_off(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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
    if inside and not _is_whole(amounts, case.words):
        return {c.position: None for c in ours}, [inside]
    return _first_of(amounts, every)


def _own_part(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
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


def _sum_that_holds(level: Amounts, every: Sequence[Column]) -> tuple[Column, list[Column]] | None:
    """The amount of the file that some discounts make out of the one before them, and those discounts.

    It holds on the rows that have a discount, and on all rows with the same on top: one alone may hold by chance. Of several
    choices the one that holds on the most rows is taken, and of equal ones that which explains more.
    """
    discounts = [c for c in every if c in level.columns]
    off = list(zip(*(level.value(c) for c in discounts), strict=True))
    filled = [row for row, each in enumerate(off) if any(each)]
    tried = level.on([*filled, *(row for row, each in enumerate(off) if not any(each))])
    best: tuple[float, Column, list[Column]] | None = None
    nets = tried.of("net_amount", "line_amount", "gross_amount")
    for before, net, chosen in product_of(
        tried.befores(), nets, reversed(_some_of(discounts)) if filled else ()
    ):
        left, after = less(before, add_up([sizes(tried.value(c)) for c in chosen])), tried.value(net)
        is_same = share_equal(before[: len(filled)], after[: len(filled)]) >= SHARE
        held = 0.0 if is_same else _makes(left, after, tried.extras(), len(filled))
        if held >= SHARE and (best is None or held > best[0]):
            best = held, net, list(chosen)
    return best[1:] if best else None


def _makes(left: Values, after: Values, extras: Sequence[Values], count: int) -> float:
    """On how many of the first rows what is left, with the same on top on all rows, is an amount of the file."""
    held = [0.0]
    for chosen in subsets(extras):
        made = add_up([left, *chosen])
        if share_equal(made, after) >= SHARE:
            held.append(share_equal(made[:count], after[:count]))
    return max(held)


def _as_chosen(
    amounts: Amounts, net: Column, chosen: list[Column], every: Sequence[Column]
) -> tuple[dict[int, str | None], list[str]]:
    ours = [c for c in every if amounts.meaning[c.position] == "discount_amount"]
    changes: dict[int, str | None] = {c.position: None for c in ours if c not in chosen}
    product = amounts.product()
    is_gross = product is not None or not amounts.first("line_amount")
    if amounts.meaning[net.position] in ("line_amount", "gross_amount") and is_gross:
        changes[net.position] = "net_amount"
    others = [c for c in amounts.of("line_amount") if product and share_equal(product, amounts.value(c)) < 1]
    changes |= {c.position: "net_amount" for c in others}
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
            if is_other and adds_up(
                parts[0], [ZERO] * len(rows), [pick(e, rows) for e in level.extras()], parts[1]
            ):
                return (
                    f"discount_amount: {column.header!r} is in the amount already, as that and tax give {total.header!r}; "
                    "it is not taken off again"
                )
    return ""


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


def _payable(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """Where no column is a discount, an order's amount is less by it in what was to be paid, or than its lines are together."""
    level = case.levels(amounts)[-1]
    before = _before(level, case.words)
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
    found = _less_than(before, after)
    return ZERO in found and any(found) and min(found) >= 0


def _before(level: Amounts, words: Words) -> Values | None:
    """What an order's lines are together, else its amount that calls itself so."""
    if level.product() or level.first("line_amount"):
        return level.befores()[0]
    total = _order_total(level, words)
    is_before = total and (words.says("before", total.header) or _is_before_another(level, total))
    return level.value(total) if total and is_before else None


def _below_total(
    level: Amounts, before: Values, totals: Sequence[Column], words: Words
) -> tuple[dict[int, str | None], list[str]]:
    """An order's amount that is less than its lines with what comes on top."""
    wholes = [level.value(c) for c in totals if says_whole(c, words)]
    made = [add_up([before, *chosen]) for chosen in subsets(level.extras())]
    if any(share_equal(each, whole) == 1 for each, whole in product_of(made, wholes)):
        return {}, []  # a whole is all of it: what is less was paid in part, or is due
    for total in (c for c in totals if _may_be_paid(level, c, words)):
        extras = _below_lines(level, before, total)
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


def _below_lines(level: Amounts, before: Values, total: Column) -> list[Column] | None:
    """What comes on top of the lines where an order's total equals that on some orders and is below it on all others."""
    extras = level.on_top()
    paid = level.value(total)
    found = None
    for size in range(len(extras) + 1):
        for chosen in combinations(extras, size):
            less = _less_than(add_up([before, *(level.value(c) for c in chosen)]), paid)
            if not any(less):
                return None  # there it is, without any discount
            is_below = min(less) >= 0 and (0 in less or len(less) == 1)
            found = list(chosen) if is_below and found is None else found
    return found if all((each or ZERO) >= 0 for each in paid) else None


STEPS: tuple[Step, ...] = (
    _orders_own, _tax_of_fee, _paid_out, _quantity_by_sums, _price_by_sums, _between_prices, _one_price, _with_extras, _pieces, _share_off, _sum_of_others,
    _price_of_line, _missing_in_whole, _taken_off, _own_part, _payable,
)  # fmt: skip


def _less_than(wholes: Values, paid: Values) -> list[Decimal]:
    return [round((w or ZERO) - each, 2) for w, each in zip(wholes, paid, strict=True) if each is not None]


def _inside(
    amounts: Amounts, words: Words, total: Column, parts: Sequence[Column | None]
) -> tuple[Column, ...]:
    """Those of some amounts that the order's total holds."""
    return tuple(c for c in parts if c and _counts(amounts, c, words) and not _is_on(amounts, total, c))


def _settled(amounts: Amounts, case: _Case, questions: list[str]) -> Money:
    """What the shapes need of the amounts."""
    words = case.words
    line = _without_tax(amounts.of("line_amount"), words)
    price, quantity = _without_tax(amounts.of("unit_price"), words), _first(amounts.of("quantity"))
    factors = (line,) if line else (quantity, price) if price else ()
    total = _order_total(amounts, words)
    shipping, off, said = _shipping(amounts, case)
    tax = _tax(amounts, words)
    more = _other_taxes(amounts, tax)
    others = tuple(amounts.filled("tip", "surcharge"))
    discounts = tuple(amounts.filled("discount_amount") or amounts.of("discount_amount")[:1])
    payable, whole = _first(amounts.of("payable_amount")), _first(amounts.of("order_total"))
    is_whole = total is not None and not any(factors) and _is_whole(amounts, words)
    inside = _inside(amounts, words, total, (shipping, tax, *more, *others)) if total and is_whole else ()
    platform, creator = (tuple(amounts.filled(role)) for role in ("platform_discount", "creator_discount"))
    own = [c for c in (*factors, *discounts, *platform, *creator, shipping) if c and c is not quantity]
    share, told = _share(amounts, case, total, tax, own, is_line=any(factors))
    parts = () if share or any(factors) else (tax, shipping)
    asked = _asked_of_total(amounts, total, inside, discounts, parts, is_whole=is_whole)
    missing = _asked_of_whole(amounts, case, has_payable=bool(payable))
    return Money(
        line=tuple(c for c in factors if c),
        total=total,
        inside=inside,
        discounts=discounts,
        platform=platform,
        creator=creator,
        borne=_first(amounts.of("whole_discount")),
        share=share,
        is_tax_on_top=bool(
            any(factors) and tax and any(_where_tax_is(level, tax)[1] for level in case.levels(amounts))
        ),
        whole=whole,
        payable=payable,
        on_top=_on_top(amounts, case, None if whole else payable),
        shipping=shipping,
        shipping_off=off,
        tax=tax,
        more_taxes=more,
        others=others,
        fee=_first(amounts.filled("fee")),
        price=price,
        quantity=quantity,
        cost=_first(amounts.of("unit_cost")),
        refund=_first([*amounts.filled("refund_amount"), *amounts.of("refund_amount")]),
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
            *_whole_numbers(amounts, case),
        ),
    )


def _tax(amounts: Amounts, words: Words) -> Column | None:
    """The order's tax by its name, else the one of the shortest header."""
    taxes = sorted(amounts.of("tax_amount"), key=lambda c: len(words_in(c.header)))
    return next((c for c in taxes if words.says("of_order", c.header)), _first(taxes))


def _other_taxes(amounts: Amounts, tax: Column | None) -> tuple[Column, ...]:
    """Taxes beside the order's that stand where that is nought, as columns for each rate do."""
    rows = [row for row, value in enumerate(amounts.value(tax)) if not value] if tax else []
    return tuple(c for c in amounts.filled("tax_amount") if any(pick(amounts.value(c), rows)))


def _is_whole(amounts: Amounts, words: Words) -> bool:
    """Whether the order's amount is all that was paid: it calls itself so, or the file says what fees leave of it."""
    total = _order_total(amounts, words)
    if total is None or amounts.product() or amounts.first("line_amount"):
        return False
    is_paid_out = any(_is_fee_off(amounts, total, c) for c in amounts.of("payout"))
    return is_paid_out or (says_whole(total, words) and not _is_before_another(amounts, total))


def _is_fee_off(amounts: Amounts, total: Column, left: Column) -> bool:
    fees = [sizes(amounts.value(c)) for c in amounts.filled("fee")]
    rows = [row for row, value in enumerate(add_up(fees)) if value] if fees else []
    return bool(rows) and _is_left(amounts, total, left, add_up(fees), rows)


def _is_on(amounts: Amounts, total: Column, part: Column) -> bool:
    """Whether another amount of the file is the total with this part on top, so that the part is not inside the total."""
    rows = [row for row, value in enumerate(amounts.value(part)) if value]
    before, on = pick(amounts.value(total), rows), pick(amounts.value(part), rows)
    others = [
        pick(amounts.value(c), rows) for c in amounts.of("gross_amount", "net_amount") if c is not total
    ]
    return any(share_equal(add_up([before, on]), other) >= SHARE for other in others)


def _share(
    amounts: Amounts,
    case: _Case,
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
    return found if found[0] or is_whole or not tax else _share_of_tax(amounts, case, tax, (total, *own))


def _share_of_tax(
    amounts: Amounts, case: _Case, tax: Column, own: Sequence[Column]
) -> tuple[Share | None, list[str]]:
    """The share by the tax, where lines make a whole without it on top, and no other amount."""
    told = [_where_tax_is(level, tax) for level in case.levels(amounts)]
    if any(is_on_top for _, is_on_top in told):
        return None, []
    wholes = [whole for whole, _ in told if whole and says_whole(whole, case.words)]
    whole = next((each for each in wholes if amounts.is_once_as(each, tax)), None)
    if whole is None:
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


def _share_of_totals(amounts: Amounts, case: _Case, own: Sequence[Column]) -> tuple[Share | None, list[str]]:
    """The same where the file has no tax, but the order's total with it, which its lines make, and without it."""
    level = case.levels(amounts)[-1]
    before = level.befores()[0]
    off = level.taken_off(len(before), *OFF)
    totals = level.of("gross_amount", "net_amount")
    for net, whole in product_of((c for c in totals if case.words.says("without_tax", c.header)), totals):
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


def _where_tax_is(level: Amounts, tax: Column) -> tuple[Column | None, bool]:
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
    return next(iter(found), (None, False))


def says_whole(total: Column, words: Words) -> bool:
    """Whether an amount calls itself a whole, and not what it was before."""
    return words.says("whole", total.header) and not words.says("before", total.header)


def _counts(amounts: Amounts, column: Column, words: Words) -> bool:
    """Whether a part of a whole is there and does not say of itself that it is inside another one."""
    return any(amounts.value(column)) and not words.says("included", column.header)


def _on_top(amounts: Amounts, case: _Case, payable: Column | None) -> tuple[Column, ...]:
    """What an order's total holds beside its lines, as far as the sample's sums show."""
    if payable is None:
        return ()
    level = case.levels(amounts)[-1]
    return tuple(_below_lines(level, _before(level, case.words) or (), payable) or ())


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
            repr(c.header) for c in parts if c and any(amounts.value(c)) and not _is_on(amounts, total, c)
        ]
        is_net = not held or amounts.meaning[total.position] == "net_amount"
        said = f"gross_amount: does {total.header!r} hold {' and '.join(held)}? it is taken as without"
        return [] if is_net else [said]
    less, off = (", ".join(repr(c.header) for c in each) for each in (inside, discounts))
    more = f" and, as it is taken to be after discount, with {off} added" if off else ""
    said = f"gross_amount: {total.header!r} is a whole, so goods are taken as it{f' less {less}' if less else ''}{more}; does it include them?"
    return [said] if less or off else []


def _is_of_rows(amounts: Amounts, column: Column, case: _Case) -> bool:
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


def _order_total(amounts: Amounts, words: Words) -> Column | None:
    """The order's amount: before discount, tax and shipping, where several amounts stand side by side."""
    found = amounts.of("gross_amount") or amounts.of("net_amount")
    most = max((c.share for c in found), default=0.0)
    found = [c for c in found if c.share * 2 > most]  # what stands on a few rows only is the file's
    proven = [c for c in found if _is_before_another(amounts, c)]
    said = [c for c in found if words.says("before", c.header)]
    return _without_tax([*proven, *said] or found, words)


def _is_before_another(amounts: Amounts, column: Column) -> bool:
    """Whether an amount less the discounts, with something on top, is another one of the file."""
    before = amounts.value(column)
    off = amounts.taken_off(len(before), "discount_amount")
    others = [amounts.value(c) for c in amounts.of("gross_amount", "net_amount") if c is not column]
    made = [each for each in others if share_equal(before, each) < SHARE]
    return bool(amounts.extras()) and any(adds_up(before, off, amounts.extras(), each) for each in made)


def _without_tax(columns: Sequence[Column], words: Words) -> Column | None:
    """The first that does not include tax, where the file has it both ways."""
    filled = [c for c in columns if not c.is_blank] or columns
    return next((c for c in filled if words.says("without_tax", c.header)), _first(filled))


def _shipping(amounts: Amounts, case: _Case) -> tuple[Column | None, Column | None, list[str]]:
    """What the buyer paid for shipping: after its own discount; and what must be taken off it where the file has only what it was before."""
    found = [c for c in amounts.of("shipping_amount") if c.numbers]
    before, off = _first(amounts.of("shipping_before")), _first(amounts.filled("shipping_discount"))
    final = [c for c in found if case.words.says("final", c.header)]
    if found:
        chosen = _without_tax(final or found, case.words) or found[0]
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


def _whole_numbers(amounts: Amounts, case: _Case) -> list[str]:
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


def words_in(header: str) -> list[str]:
    """The words of a header."""
    return [word for word in header.replace("_", " ").split() if any(char.isalnum() for char in word)]


def _first(columns: Sequence[Column]) -> Column | None:
    return next(iter(columns), None)
