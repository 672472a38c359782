"""Which rows of the sales are none: tests, voids, lines that were called off, sums of an order's other rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cdp_assets.drafting.money.sums import CENTS, ZERO, Values, multiply
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Roles, order_number
from cdp_assets.drafting.rows.conditions import FEW, Condition, Rows, groups_of, is_flag, quoted
from cdp_assets.drafting.words import Words

OF_AN_ORDER = ("shipping_amount", "tax_amount", "discount_amount", "tip", "surcharge")


def rows_of(roles: Roles, kinds: Rows, words: Words) -> Rows:
    """Leave out of the kinds of rows (`kinds_of`) what is neither a sale nor given back."""
    parts, said = kinds.parts, list(kinds.questions)
    lines, is_part = (None, False) if parts else _summaries(roles, words)
    summed = "rows without it sum up their order's other rows, so they are left out"
    if lines and is_part:
        parts = {"goods": lines}
        said.append(f"{lines.column.header!r}: {summed} of its lines")
    common = [
        *_left_out(roles, words),
        *_tests(roles, words),
        *_lines_called_off(roles, words),
        *([(lines, f"{lines.column.header!r}: {summed}")] if lines and not is_part else []),
    ]
    left = tuple(condition for condition, _ in common)
    goods = [parts["goods"]] if "goods" in parts else []
    refunds = (*kinds.refunds, *left, *goods) if kinds.refunds else ()
    return Rows((*kinds.sales, *left), refunds, (*said, *(question for _, question in common)), parts)


def _left_out(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Rows that a flag marks as a test or draft, and lines of an order that one marks as void."""
    order = order_number(roles, words)
    for column in roles.all("is_test", "is_cancelled"):
        is_mark = len(column.distinct) == 1 and not column.is_filled  # an X on few rows
        if column.is_blank or not (is_flag(column) or is_mark):
            continue
        unmarked = "blank" if is_mark and not is_flag(column) else "not_true"
        is_live = column.header.casefold().replace("_", "").replace(" ", "") == "livemode"
        if roles.role(column) == "is_test":
            said = f"{column.header!r}: rows that it marks are left out, as they are no sale"
            yield Condition(column, "true" if is_live else unmarked), said
        elif order is None or _differs_within(order, column, is_blank_said=is_mark):
            yield (
                Condition(column, unmarked),
                f"{column.header!r}: rows that it marks are left out of their order",
            )


def _tests(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Rows whose mode, or whatever it is called, says test where others say something else."""
    for column in roles.columns:
        found = tuple(word for word in column.distinct[: FEW + 1] if words.is_whole("test_word", word))
        if found and roles.role(column) is None and len(found) < len(column.distinct) <= FEW:
            yield (
                Condition(column, "not_in", found),
                f"{column.header!r}: rows of {quoted(found)} are left out",
            )


def _lines_called_off(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Lines whose own state says cancelled, in orders that have others: the order stands without them."""
    order = order_number(roles, words)
    for column in roles.all("order_status", "after_sales"):
        off = tuple(w for w in column.distinct if words.status_of(w) == "cancelled")
        if order is None or not off or len(column.distinct) > FEW or not _differs_within(order, column):
            continue
        said = f"{column.header!r}: it differs within an order, so lines of {quoted(off)} are left out of orders that have others"
        yield Condition(column, "not_in", off, order), said


def _differs_within(order: Column, column: Column, *, is_blank_said: bool = False) -> bool:
    """Whether a column says different things on the rows of one order; a blank cell says nothing, but where a mark stands on others."""
    nothing = set() if is_blank_said else {""}
    return any(
        len({column.texts[row] for row in rows} - nothing) > 1 for rows in groups_of(order.texts).values()
    )


def _summaries(roles: Roles, words: Words) -> tuple[Condition | None, bool]:
    """The condition of lines, where an order's row without an article sums up its other rows; and whether that row alone holds money of
    the order, such as shipping, so that it stays as a part of it."""
    order, article = order_number(roles, words), roles.first("sku", "product_name")
    if order is None or article is None or article.is_filled:
        return None, False
    heads = _heads(article, groups_of(order.texts).values())
    quantity, price = roles.first("quantity"), roles.first("unit_price")
    pieces = multiply(quantity.numbers, price.numbers) if quantity and price else None
    amounts = [c for c in roles.all("line_amount", "gross_amount", "unit_price", "net_amount") if c.numbers]
    is_summed = any(_sums_up(column.numbers, pieces, heads) for column in amounts)
    return (Condition(article, "filled"), _hold_their_own(roles, heads)) if is_summed else (None, False)


def _hold_their_own(roles: Roles, heads: Mapping[int, Sequence[int]]) -> bool:
    """Whether money of an order stands on its head, and none on its other rows."""
    own = [c.numbers for c in roles.all(*OF_AN_ORDER) if c.numbers and any(c.numbers[head] for head in heads)]
    lines = [row for rest in heads.values() for row in rest]
    return bool(own) and not any(each[row] for each in own for row in lines)


def _heads(article: Column, groups: Iterable[Sequence[int]]) -> dict[int, list[int]]:
    """An order's one row without an article → its other rows."""
    found = [([row for row in rows if not article.texts[row]], rows) for rows in groups]
    return {heads[0]: [row for row in rows if row != heads[0]] for heads, rows in found if len(heads) == 1}


def _sums_up(values: Values, pieces: Values | None, heads: Mapping[int, Sequence[int]]) -> bool:
    """Whether the amount of each head is what its rows add up to: of the same amount, else of quantity × price."""
    told = []
    for head, rest in heads.items():
        own = values if pieces is None or any(values[row] for row in rest) else pieces
        whole, found = values[head], sum((own[row] or ZERO for row in rest), ZERO)
        told.append(whole is not None and abs(whole - found) <= CENTS)
    return bool(told) and all(told)
