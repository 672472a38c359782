"""Which amounts of a sample are one piece's, the line's or the order's, and which discounts come off: by the sample's own arithmetic.

Headers say little ("amount", "total", "discount") and often the wrong thing; the sample's sums say which reading holds. Each step hands on
the amounts with some of them meaning something else, and says why; the last one puts together what the shapes need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from itertools import product as product_of

from cdp_assets.drafting.keys import Keys
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles import Roles
from cdp_assets.drafting.rows import Rows
from cdp_assets.drafting.sums import (
    MAX_EXTRAS,
    SHARE,
    ZERO,
    Amounts,
    Values,
    add_up,
    adds_up,
    multiply,
    pick,
    share_equal,
    sizes,
)
from cdp_assets.drafting.words import Words, is_a

MAX_DISCOUNTS = 6
TOTALS = ("gross_amount", "line_amount", "net_amount")


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
    whole: Column | None = None
    payable: Column | None = None
    on_top: tuple[Column, ...] = ()
    shipping: Column | None = None
    shipping_off: Column | None = None
    tax: Column | None = None
    tip: Column | None = None
    fee: Column | None = None
    price: Column | None = None
    quantity: Column | None = None
    cost: Column | None = None
    refund: Column | None = None
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
        return [amounts.of_rows(), amounts.per_order(self.ids)]


Step = Callable[[Amounts, _Case], tuple[Mapping[int, str | None], list[str]]]


def money_of(roles: Roles, keys: Keys, rows: Rows, words: Words) -> Money:
    """Settle the amounts of a sample over the rows that are sales."""
    numbers = tuple(c for c in roles.columns if c.numbers and not c.is_blank)
    kept = _sale_rows(roles, rows)
    article = roles.first("sku", "product_name")
    ids = (
        [keys.order.texts[row] for row in kept]
        if keys.order and len(keys.key) <= 1 and keys.is_many
        else None
    )
    case = _Case(words, roles, ids, [article.texts[row] for row in kept] if article else None)
    values = {c.position: pick(c.numbers, kept) for c in numbers}
    meaning = {c.position: roles.role(c) for c in numbers}
    amounts = Amounts(numbers, meaning, values, frozenset(c.position for c in numbers if keys.is_once(c)))
    questions: list[str] = []
    for step in STEPS:
        changes, said = step(amounts, case)
        amounts = amounts.meant(changes)
        questions += said
    return _settled(amounts, case, questions)


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
    return [row for row, is_sale in enumerate(rows.are_sales(count)) if is_sale] or list(range(count))


def _paid_out(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """What is left of an amount after fees was paid out to the shop: it is no order's amount."""
    fees = [amounts.value(c) for c in amounts.filled("fee")][:MAX_EXTRAS]
    wholes = amounts.of("gross_amount", "net_amount", "line_amount", "unit_price")
    pairs = [(w, c) for w, c in product_of(wholes, amounts.of("gross_amount", "net_amount")) if w is not c]
    changes: dict[int, str | None] = {}
    for fee in [*fees, add_up([sizes(each) for each in fees])]:
        rows = [position for position, value in enumerate(fee) if value]
        for whole, left in pairs if len(rows) > 1 else ():
            if whole.position not in changes and _is_left(amounts, whole, left, fee, rows):
                changes[left.position] = "payout"
    return changes, []


def _one_price(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """Of several prices without a discount between them, one that gives an amount of the file, times the quantity, is a piece's."""
    quantity, prices = amounts.first("quantity"), amounts.of("unit_price")
    if amounts.filled("discount_amount", "platform_discount"):
        return {}, []
    totals = [amounts.value(c) for c in amounts.of(*TOTALS)]
    products = {c.position: multiply(quantity, amounts.value(c)) or [] for c in prices}
    found = [
        c
        for c in prices
        if any(products[c.position] and share_equal(products[c.position], t) >= SHARE for t in totals)
    ]
    if not found or prices[0] in found:
        return {}, []
    return {c.position: None for c in prices if c not in found}, []


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


def _sum_of_others(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """A discount that is the sum of the others says nothing more where one of them is the platform's; else it stands for all of them."""
    ours, platforms = amounts.filled("discount_amount"), amounts.filled("platform_discount")
    every = [*ours, *platforms][:MAX_DISCOUNTS]
    for column in ours if len(every) > 2 else ():
        others = [c for c in every if c is not column]
        if share_equal(amounts.value(column), add_up([amounts.value(c) for c in others])) >= SHARE:
            dropped = [column] if platforms else others
            return {c.position: None for c in dropped}, [
                f"discount_amount: {column.header!r} is the sum of the other discounts"
            ]
    return {}, []


def _taken_off(amounts: Amounts, case: _Case) -> tuple[dict[int, str | None], list[str]]:
    """Leave as discounts those that the file's own sums take off; a line's amount after them is no amount before discount."""
    every = amounts.filled("discount_amount", "platform_discount")[:MAX_DISCOUNTS]
    if not every and not amounts.product() and not amounts.first("line_amount"):
        return _net_lines(amounts), []
    levels = case.levels(amounts)
    holding = next(filter(None, (_sum_that_holds(level, every) for level in levels)), None)
    if holding:
        return _as_chosen(amounts, *holding, every)
    inside = next(filter(None, (_inside_already(level, every) for level in levels)), "")
    if inside:
        ours = [c for c in every if amounts.meaning[c.position] == "discount_amount"]
        return {c.position: None for c in ours}, [inside]
    return _first_of(amounts, every)


def _net_lines(amounts: Amounts) -> dict[int, str | None]:
    """An amount after discount is the line's where the file has no other."""
    nets = [] if amounts.of("gross_amount", "unit_price") else amounts.of("net_amount")[:1]
    return {c.position: "line_amount" for c in nets}


def _some_of(columns: Sequence[Column]) -> list[tuple[Column, ...]]:
    """Every choice of at least one of the columns, the smaller first."""
    return [chosen for size in range(1, len(columns) + 1) for chosen in combinations(columns, size)]


def _sum_that_holds(level: Amounts, every: Sequence[Column]) -> tuple[Column, list[Column]] | None:
    """The amount of the file that some discounts make out of the one before them, and those discounts."""
    discounts = [c for c in every if c in level.columns]
    rows = [p for p, each in enumerate(zip(*(level.value(c) for c in discounts), strict=True)) if any(each)]
    extras = [pick(each, rows) for each in level.extras()]
    choices = _some_of(discounts) if rows else []
    nets = level.of("net_amount", "line_amount", "gross_amount")
    for before, net, chosen in product_of(level.befores(), nets, choices):
        taken = add_up([sizes(level.value(c)) for c in chosen])
        parts = [pick(each, rows) for each in (before, taken, level.value(net))]
        if share_equal(parts[0], parts[2]) < SHARE and adds_up(parts[0], parts[1], extras, parts[2]):
            return net, list(chosen)
    return None


def _as_chosen(
    amounts: Amounts, net: Column, chosen: list[Column], every: Sequence[Column]
) -> tuple[dict[int, str | None], list[str]]:
    changes: dict[int, str | None] = {c.position: None for c in every if c not in chosen}
    is_gross = amounts.product() is not None or not amounts.first("line_amount")
    if amounts.meaning[net.position] in ("line_amount", "gross_amount") and is_gross:
        changes[net.position] = "net_amount"
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
    if amounts.filled("discount_amount") or not (amounts.product() or amounts.first("line_amount")):
        return {}, []
    level = case.levels(amounts)[-1]
    before, totals = level.befores()[0], level.of("gross_amount", "net_amount")
    for payable, whole in product_of((c for c in totals if case.words.says("payable", c.header)), totals):
        if _is_less(level, before, payable, whole):
            said = f"discount_amount: what {payable.header!r} is less than {whole.header!r} is taken as it"
            return {payable.position: "payable_amount", whole.position: "order_total"}, [said]
    for total in totals:
        extras = _below_lines(level, before, total)
        if extras is not None:
            on_top = "".join(f" with {c.header!r}" for c in extras)
            said = f"discount_amount: {total.header!r} is less than the order's lines{on_top} on some orders; that is taken as the order's discount"
            return {total.position: "payable_amount"}, [said]
    return {}, []


def _is_less(level: Amounts, before: Values, payable: Column, whole: Column) -> bool:
    """Whether what was to be paid is at most the whole, which is the lines with what comes on top."""
    pairs = zip(level.value(whole), level.value(payable), strict=True)
    less = [w - p for w, p in pairs if w is not None and p is not None]
    is_below = any(less) and min(less) >= 0
    return is_below and adds_up(before, [ZERO] * len(before), level.extras(), level.value(whole))


def _below_lines(level: Amounts, before: Values, total: Column) -> list[Column] | None:
    """What comes on top of the lines where an order's total equals that on some orders and is below it on all others."""
    extras = level.filled("shipping_amount", "tax_amount", "tip")[:MAX_EXTRAS]
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
    _orders_own,
    _paid_out,
    _one_price,
    _with_extras,
    _pieces,
    _sum_of_others,
    _taken_off,
    _payable,
)


def _less_than(wholes: Sequence[Decimal], paid: Values) -> list[Decimal]:
    return [round(whole - each, 2) for whole, each in zip(wholes, paid, strict=True) if each is not None]


def _settled(amounts: Amounts, case: _Case, questions: list[str]) -> Money:
    """What the shapes need of the amounts."""
    words = case.words
    line = _without_tax(amounts.of("line_amount"), words)
    price, quantity = _first(amounts.of("unit_price")), _first(amounts.of("quantity"))
    factors = (line,) if line else (quantity, price) if price else ()
    total = _order_total(amounts, words)
    shipping, off, said = _shipping(amounts, case)
    tax = min(amounts.of("tax_amount"), key=lambda c: len(words_in(c.header)), default=None)
    tip = _first(amounts.filled("tip"))
    discounts = tuple(amounts.filled("discount_amount") or amounts.of("discount_amount")[:1])
    payable, whole = _first(amounts.of("payable_amount")), _first(amounts.of("order_total"))
    is_whole = total is not None and not any(factors) and _says_whole(total, words)
    inside = tuple(c for c in (shipping, tax, tip) if is_whole and c and _counts(amounts, c, words))
    asked = _asked_of_total(total, inside, discounts) if total and is_whole else []
    return Money(
        line=tuple(c for c in factors if c),
        total=total,
        inside=inside,
        discounts=discounts,
        platform=tuple(amounts.filled("platform_discount")),
        whole=whole,
        payable=payable,
        on_top=_on_top(amounts, case, payable) if payable and not whole else (),
        shipping=shipping,
        shipping_off=off,
        tax=tax,
        tip=tip,
        fee=_first(amounts.filled("fee")),
        price=price,
        quantity=quantity,
        cost=_first(amounts.of("unit_cost")),
        refund=_first([*amounts.filled("refund_amount"), *amounts.of("refund_amount")]),
        of_rows=frozenset(c.position for c in discounts if case.ids and _is_of_rows(amounts, c, case)),
        meaning=amounts.meaning,
        questions=(*questions, *said, *asked, *_cents(amounts, words)),
    )


def _says_whole(total: Column, words: Words) -> bool:
    """Whether an amount calls itself a whole, and not what it was before."""
    return words.says("whole", total.header) and not words.says("before", total.header)


def _counts(amounts: Amounts, column: Column, words: Words) -> bool:
    """Whether a part of a whole is there and does not say of itself that it is inside another one."""
    return any(amounts.value(column)) and not words.says("included", column.header)


def _on_top(amounts: Amounts, case: _Case, payable: Column) -> tuple[Column, ...]:
    """What an order's total holds beside its lines, as far as the sample's sums show."""
    level = case.levels(amounts)[-1]
    return tuple(_below_lines(level, level.befores()[0], payable) or ())


def _asked_of_total(total: Column, inside: Sequence[Column], discounts: Sequence[Column]) -> list[str]:
    if not inside and not discounts:
        return []
    less = f" less {', '.join(repr(c.header) for c in inside)}" if inside else ""
    more = (
        f" and, as it is taken to be after discount, with {', '.join(repr(c.header) for c in discounts)} added"
        if discounts
        else ""
    )
    return [
        f"gross_amount: {total.header!r} is a whole, so goods are taken as it{less}{more}; does it include them?"
    ]


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
    return _without_tax([c for c in found if words.says("before", c.header)] or found, words)


def _without_tax(columns: Sequence[Column], words: Words) -> Column | None:
    """The first that does not include tax, where the file has it both ways."""
    return next((c for c in columns if words.says("without_tax", c.header)), _first(columns))


def _shipping(amounts: Amounts, case: _Case) -> tuple[Column | None, Column | None, list[str]]:
    """What the buyer paid for shipping: after its own discount; and what must be taken off it where the file has only what it was before."""
    found = [c for c in amounts.of("shipping_amount") if c.numbers]
    before, off = _first(amounts.of("shipping_before")), _first(amounts.filled("shipping_discount"))
    final = [c for c in found if case.words.says("final", c.header)]
    if found:
        chosen = (final or found)[0]
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
    named = [
        c
        for c in amounts.columns
        if words.says("cents", c.header) and is_a(amounts.meaning[c.position], "money")
    ]
    return [f"{c.header!r}: by its name in cents; divide it by 100 where the models use it" for c in named]


def words_in(header: str) -> list[str]:
    """The words of a header."""
    return [word for word in header.replace("_", " ").split() if any(char.isalnum() for char in word)]


def _first(columns: Sequence[Column]) -> Column | None:
    return next(iter(columns), None)
