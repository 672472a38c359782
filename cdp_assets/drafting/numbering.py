"""Which column numbers orders: by its header, by what sales share, or by its codes; and which one names the sale that a row gives back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise, permutations

from cdp_assets.drafting.money.case import all_equal
from cdp_assets.drafting.money.sums import multiply
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import MANY, Role, Roles, is_id, order_number, order_numbers, plain_id
from cdp_assets.drafting.rows.conditions import Rows, groups_of
from cdp_assets.drafting.words import Words, class_of, is_a

OF_ORDERS = ("currency", "order_status", "tender", "shipping_amount", "discount_amount")
OF_SALES = (*OF_ORDERS, "email", "source_customer_id")
OF_PERSONS = ("birth_date", "gender", "consent")  # a list of persons may sum up what each of them spent
AMOUNTS = ("gross_amount", "line_amount", "unit_price")
WHOLE_NUMBER = 20_001  # position of a number that several columns make together
MAX_FREE = 8  # numbers of unknown headers that are tried
LEAST_NUMBER, LARGEST_STEP = 100, 10  # of numbers that run from order to order
_CODE = re.compile(r"(?=.*\d)[\w./#-]{3,}")


def with_shared_numbers(channel: Sequence[Roles], words: Words) -> list[Roles]:
    """Where a sibling's rows name orders by another unique id than the order's shown number, that id numbers them in both."""
    named = [
        _numbered_by_name(roles, [each for each in channel if each is not roles], words) for roles in channel
    ]
    return [
        _numbered_as(roles, [order_number(each, words) for each in named if each is not roles], words)
        for roles in named
    ]


def _numbered_by_name(roles: Roles, siblings: Sequence[Roles], words: Words) -> Roles:
    """Where no header numbers orders, a column of one name that is different on every row of a sample and comes again on a sibling's does."""
    if order_number(roles, words) or not any(is_a(roles.role(c), "money") for c in roles.columns):
        return roles
    for column in roles.columns:
        others = [
            c
            for each in siblings
            if not order_number(each, words)
            for c in each.columns
            if c.header == column.header
        ]
        if roles.role(column) is None and any(_are_head_and_lines(column, other) for other in others):
            said = f"{column.header!r}: a sample has it once per row and another one several times, so it is taken as the order's number"
            return Roles(
                roles.columns,
                {**roles.by_position, column.position: Role(column, "order_id", "it joins", said)},
            )
    return roles


def _are_head_and_lines(one: Column, other: Column) -> bool:
    """Whether of two columns one is different on every row, and holds all that comes again in the other."""
    head, lines = (one, other) if one.is_unique else (other, one)
    is_told = head.is_unique and head.is_filled and lines.is_filled and not lines.is_unique
    return is_told and len(head.texts) > 1 and set(lines.filled) <= set(head.filled)


def _numbered_as(roles: Roles, siblings: Sequence[Column | None], words: Words) -> Roles:
    own = order_number(roles, words)
    named = [set(column.filled) for column in siblings if column is not None]
    if own is None or not (own.is_unique and own.is_filled) or any(set(own.filled) & each for each in named):
        return roles
    free = [
        c
        for c in roles.columns
        if c is not own and c.is_unique and c.is_filled and roles.role(c) in (None, "sku", "order_id")
    ]
    found = next((c for c in free if any(each and each <= set(c.filled) for each in named)), None)
    if found is None:
        return roles
    said = f"{found.header!r}: a sibling's rows name orders by it, and not by {own.header!r}, so it is taken as the order's number"
    votes = {
        own.position: Role(own, None, "shown, and no sibling's number"),
        found.position: Role(found, "order_id", "a sibling's number", said),
    }
    return Roles(roles.columns, {**roles.by_position, **votes})


def with_whole_numbers(roles: Roles, kinds: Rows, words: Words) -> Roles:
    """Short numbers of sales that start again every day, or in every store, number orders together with those only.

    Where rows give back, a number that comes again is that of the sale.
    """
    order = order_number(roles, words)
    if order is None or not order.is_filled or kinds.refunds or roles.has("refund_id"):
        return roles
    is_short = all(re.fullmatch(r"\d{1,6}", text) for text in order.texts)
    parts = _told_apart(order, roles) if is_short else []
    if not parts:
        return roles
    columns = [*parts, order]
    headers = tuple(column.header for column in columns)
    texts = tuple(" ".join(row) for row in zip(*(c.texts for c in columns), strict=True))
    made = replace(
        order, position=WHOLE_NUMBER, header=" ".join(headers), texts=texts, bare=texts, numbers=(), decimals=None, says="order_id"
    )  # fmt: skip
    named = ", ".join(map(repr, headers[:-1]))
    said = f"{order.header!r} starts again with another {named}, so they are joined to the order's number by sourceColumns"
    new = Role(made, "order_id", "it starts again", said, source_headers=headers)
    old = Role(order, None, "a part of the order's number")
    return Roles((*roles.columns, made), {**roles.by_position, order.position: old, WHOLE_NUMBER: new})


def _told_apart(order: Column, roles: Roles) -> list[Column]:
    """Stores, tills and days, where some differ within one number and all are the same within one number with them."""
    day = roles.first("ordered_at")
    found = [*roles.all("store_id"), *([day] if day and day.time else [])]
    parts = [column for column in found if column.is_filled and column.occurrence == 1]
    groups = list(groups_of(order.texts).values())
    if not any(differs(column.texts, groups) for column in parts):
        return []
    whole = [" ".join(row) for row in zip(order.texts, *(c.texts for c in parts), strict=True)]
    split = groups_of(whole).values()
    is_split = any(
        len({row_of.texts[row] for row in rows}) > 1 for row_of in roles.all("ordered_at") for rows in split
    )
    return [] if is_split else parts


def differs(texts: Sequence[str], groups: Sequence[Sequence[int]]) -> bool:
    """Whether texts differ within more than a quarter of the groups."""
    different = [len({texts[row] for row in each} - {""}) > 1 for each in groups]
    return sum(different) > len(groups) / 4


def order_of(roles: Roles, rows: Rows, words: Words) -> tuple[Column | None, list[str]]:
    """The order's number, and questions about it."""
    numbers = order_numbers(roles, words)
    chosen = (
        next((c for c in numbers if c.is_filled), None)
        or _payment_id(roles, words)
        or next(iter(numbers), None)
    )
    if chosen is None and not roles.all("order_id", "refund_id", "spend", "device_id"):
        return _bare_number(roles, rows, words)
    is_named = roles.has("reference_id") or (chosen and reference_of(roles, rows, chosen))
    if chosen is not None and rows.refunds and not is_named:
        shared = _shared(roles, rows, chosen, numbers)
        if shared is not None:
            return shared, [
                f"{shared.header!r}: a refund shares it with its sale, so it is taken as the order's number"
            ]
    return chosen, []


def _payment_id(roles: Roles, words: Words) -> Column | None:
    """The row's own id, where a row is money that changed hands: an amount, and a time or state that only orders have."""
    paid = [c for c in roles.all("gross_amount") if words.says("paid_word", c.header)]
    times = [c for c in roles.all("ordered_at") if c.time]
    bought = [c for c in times if words.says("bought_word", c.header)]
    is_payment = times and (roles.all("currency", "order_status") or bought)
    is_numbered = any(not c.is_blank for c in roles.all("order_id")) and roles.has("gross_amount")
    own = plain_id(roles) if is_payment and not roles.all("refund_id", "spend") else None
    return own if paid or (is_numbered and own and own.is_filled and own.is_unique) else None


def _bare_number(roles: Roles, rows: Rows, words: Words) -> tuple[Column | None, list[str]]:
    """Where no column names an order, a bare "code" or "number" is the order's, if its sales share their time and it tells them from others.

    Where no header calls itself a number, a column of codes is it, or one of whole numbers that run.
    """
    times = (c for c in roles.columns if c.time and roles.role(c) is None)
    moment = roles.first("ordered_at") or next(times, None)
    if moment is None or moment.time is None or not _are_sales(roles, rows):
        return None, []
    is_sale = roles.has(*(OF_ORDERS if roles.has(*OF_PERSONS) else OF_SALES)) or bool(rows.refunds)
    sold = rows.are_sales(len(moment.texts))
    found = [
        (column, why)
        for column in _may_be_numbers(roles, sold, words)
        if (
            why := _why_numbers(
                _of_sold(column, sold), moment, sum(sold), is_sale, is_named=is_sale and is_id(column)
            )
        )
    ]
    shared = (each for each in found if len(set(_of_sold(each[0], sold)) - {""}) < sum(sold))
    column, why = next(shared, found[0] if found else (None, ""))
    return column, [f"{column.header!r}: {why}, so it is taken as the order's number"] if column else []


def _of_sold(column: Column, sold: Sequence[bool]) -> list[str]:
    """The texts on rows that are sales."""
    return [text if is_sold else "" for text, is_sold in zip(column.texts, sold, strict=True)]


def _may_be_numbers(roles: Roles, sold: Sequence[bool], words: Words) -> list[Column]:
    """Columns that call themselves numbers; where none does, those of codes, what rows share before what they do not."""
    free = [c for c in roles.columns if _may_number(c, roles)]
    named = [c for c in free if words.says("number_word", c.header)]
    coded = [c for c in free if roles.role(c) is None and (_are_codes(c, sold) or _runs(c) or _is_shared(c))]
    return named or sorted(coded, key=lambda c: not _is_shared(c))


def _is_shared(column: Column) -> bool:
    """Whether rows share its codes, and only rows that follow each other do, as an order's lines."""
    codes = [text for text, _ in groupby(column.texts)]
    return 1 < len(codes) == len(set(codes)) < len(column.texts) and all(map(_CODE.fullmatch, codes))


def _runs(column: Column) -> bool:
    """Whether whole numbers of three digits or more only rise or fall from row to row, in small steps."""
    numbers = [value for value in column.numbers if value is not None]
    if column.decimals != 0 or len(set(numbers)) < MANY or min(numbers) < LEAST_NUMBER:
        return False
    steps = [after - before for before, after in pairwise(numbers)]
    is_one_way = all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    return is_one_way and max(numbers) - min(numbers) <= LARGEST_STEP * len(numbers)


def _are_sales(roles: Roles, rows: Rows) -> bool:
    """Whether rows have an amount, and none that went out without being told a refund: that is a bank's statement."""
    goes_out = any((value or 0) < 0 for column in roles.all(*AMOUNTS) for value in column.numbers)
    return (roles.has(*AMOUNTS) or _has_product(roles)) and (bool(rows.refunds) or not goes_out)


def _has_product(roles: Roles) -> bool:
    """Whether a whole number times another number is a third one on all rows, of headers that are not understood: pieces, price, amount."""
    free = [c for c in roles.columns if roles.role(c) is None and any(c.numbers)][:MAX_FREE]
    return any(
        pieces.decimals == 0 and all_equal(multiply(pieces.numbers, price.numbers) or (), line.numbers)
        for pieces, price, line in permutations(free, 3)
        if len(pieces.distinct) > 1
    )


def _why_numbers(
    texts: Sequence[str], moment: Column, sold: int, is_sale: bool, *, is_named: bool
) -> str | None:
    """What makes a bare number the order's, on all rows that were sold; None where nothing does, or where it is the file's own running
    number and is not named an id."""
    is_running = list(texts) == [str(n) for n in range(1, len(texts) + 1)]
    if (is_running and not is_named) or sum(map(bool, texts)) < sold:
        return None
    groups = list(groups_of(texts).values())
    if not groups:
        return "it is different on every row and no other column numbers orders" if is_sale else None
    is_shared = all(len({moment.texts[row] for row in each}) == 1 for each in groups)
    return "rows that share it share their time" if is_shared else None


def _shared(roles: Roles, rows: Rows, chosen: Column, numbers: Sequence[Column]) -> Column | None:
    """Among sales and refunds that rows tell apart, the number that a refund shares with its sale, where the chosen one is not it."""
    count = len(chosen.texts)
    sales, refunds = rows.are_sales(count), rows.are_refunds(count)

    def is_shared(column: Column) -> bool:
        sold = {column.texts[row] for row in range(count) if sales[row]}
        back = {column.texts[row] for row in range(count) if refunds[row]}
        return "" not in sold and not sold.isdisjoint(back - {""}) and len(sold) >= different

    different = len({chosen.texts[row] for row in range(count) if sales[row]} - {""})
    if not any(sales) or is_shared(chosen):
        return None
    return next(filter(is_shared, [*numbers, *_free_codes(roles, sales)]), None)


def _free_codes(roles: Roles, sales: Sequence[bool]) -> list[Column]:
    """Columns that call themselves an id, then those of codes, which are no person's, article's or refund's."""
    ids = list(filter(is_id, roles.columns))
    coded = [c for c in roles.columns if not (c.looks or c.numbers or c.time) and _are_codes(c, sales)]
    free = [c for c in [*ids, *coded] if roles.role(c) not in ("refund_id", "sku")]
    return [
        c for c in free if not is_a(roles.role(c), "money", "time") and class_of(roles.role(c)) == "internal"
    ]


def _are_codes(column: Column, sales: Sequence[bool]) -> bool:
    """Whether a column holds another code of letters and digits on each sale, as a reference does."""
    sold = [column.texts[row] for row, is_sale in enumerate(sales) if is_sale]
    return len(set(sold)) == len(sold) > 0 and all(map(_CODE.fullmatch, sold))


def reference_of(roles: Roles, rows: Rows, order: Column) -> Column | None:
    """A column whose texts are all numbers of other rows that are sales names the sale that its row gives back."""
    own = {
        text for text, is_sale in zip(order.texts, rows.are_sales(len(order.texts)), strict=True) if is_sale
    }
    for column in roles.columns:
        pairs = [(name, number) for name, number in zip(column.texts, order.texts, strict=True) if name]
        may_be = not column.is_filled and roles.role(column) in (None, "order_id", "note", "sku")
        if (
            column is not order
            and pairs
            and may_be
            and all(name in own and name != number for name, number in pairs)
        ):
            return column
    return None


def _may_number(column: Column, roles: Roles) -> bool:
    """Whether a column may be a number of orders, as it means nothing else."""
    role = roles.role(column)
    is_list = roles.has("product_name", "quantity", "unit_price")
    is_free = role in (None, "event_kind", "reference_id") or (role == "sku" and not is_list)
    is_plain = not (column.is_blank or column.time) and not column.looks
    return is_free and is_plain
