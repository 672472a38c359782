"""Which kinds of rows a sample holds: sales, what was given back, and parts of an order; by words, directions, flags, signs and references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Roles, order_numbers, plain_id
from cdp_assets.drafting.rows.conditions import FEW, NO_GOODS, PARTS, Condition, Rows, is_flag, quoted
from cdp_assets.drafting.words import Words


def kinds_of(roles: Roles, words: Words) -> Rows:
    """Tell sales from what was given back, by the first of kinds, directions, flags or signs that does, and the parts of an order."""
    parts = _parts(roles, words)
    goods = parts.parts.get("goods")
    is_told = goods and roles.role(goods.column) == "line_kind"
    lines, said = _lines_only(roles, words) if not is_told else ((), ())
    told = _first_told(
        [
            _by_goods_back(goods, roles),
            None if is_told or lines else _by_kind(roles, words),
            _by_refund_number(roles, words),
            _by_direction(roles, words),
            _by_flag(roles),
            _by_reference(roles),
            None if is_told or lines else _sales_only(roles, words),
            _by_sign(roles, words),
        ]
    )
    refunds = (*lines, *told.refunds) if told.refunds else ()
    return Rows((*lines, *told.sales), refunds, (*said, *told.questions, *parts.questions), parts.parts)


def _lines_only(roles: Roles, words: Words) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    """The condition of an order's lines, where other kinds of rows sum them up or say how they were paid."""
    column = _column_of_kinds(roles, words)
    if column is None or not 2 <= len(column.distinct) <= FEW or _are_all_articles(column, roles):
        return (), ()
    lines = [word for word in column.distinct if words.is_kind("line", word)]
    said = f"{column.header!r}: rows are of several kinds; only {quoted(lines)} is taken as an order's line, the others add no amount"
    return ((Condition(column, "in", tuple(lines)),), (said,)) if len(lines) == 1 else ((), ())


def _first_told(tried: Sequence[Rows | None]) -> Rows:
    """The first that tells sales from others, with what is asked of a column of kinds that does not."""
    found = [each for each in tried if each is not None]
    told = next((each for each in found if each.sales), None)
    asked = [question for each in found if not each.sales for question in each.questions]
    return replace(told, questions=(*asked, *told.questions)) if told else next(iter(found), Rows())


def _by_goods_back(goods: Condition | None, roles: Roles) -> Rows | None:
    """Of the kinds of rows that are goods, those whose amounts all have a minus give back what the others sold."""
    below = _below_nought(goods.column, roles) if goods else set()
    back = tuple(word for word in goods.words if word in below) if goods else ()
    if goods is None or not back or len(back) == len(goods.words):
        return None
    said = f"{goods.column.header!r}: the amounts of {quoted(back)} have a minus, so they are taken as given back"
    sold, given = Condition(goods.column, "not_in", back), Condition(goods.column, "in", back)
    return Rows((sold,), (given,), (said,))


def _below_nought(column: Column, roles: Roles) -> set[str]:
    """Words of a column on whose rows the amount is always below nought."""
    return {word for word, signs in _signs_of(column, roles).items() if signs - {0} == {-1}}


def _signs_of(column: Column, roles: Roles) -> dict[str, set[int]]:
    """Word of a column → the signs of the amounts on its rows: -1, 0 (or none), 1."""
    amount = roles.first("line_amount", "gross_amount", "net_amount")
    signs: dict[str, set[int]] = defaultdict(set)
    for word, value in zip(column.texts, amount.numbers if amount else (), strict=False):
        signs[word].add((value > 0) - (value < 0) if value else 0)
    return signs


def _parts(roles: Roles, words: Words) -> Rows:
    """Rows of one order for goods, for shipping, for discount and for tax, told apart by a column of kinds.

    What is below nought was no shipping that a buyer paid, but charged to the seller.
    """
    for column in roles.all("line_kind", "amount_kind", "product_kind"):
        is_whole = roles.role(column) == "amount_kind"
        kind_of = {word: part_of(word, words, is_whole=is_whole) for word in column.distinct}
        kinds, below = set(kind_of.values()), _below_nought(column, roles)
        if "goods" in kinds and kinds & set(PARTS) and len(kind_of) <= FEW:
            charged = [word for word, kind in kind_of.items() if kind == "shipping" and word in below]
            return _told_apart(column, kind_of | dict.fromkeys(charged))
    return Rows()


def _told_apart(column: Column, kind_of: Mapping[str, str | None]) -> Rows:
    found = {kind: tuple(w for w in kind_of if kind_of[w] == kind) for kind in ("goods", *PARTS)}
    parts = {kind: Condition(column, "in", words) for kind, words in found.items() if words}
    told = "; ".join(f"{kind} is {quoted(each.words)}" for kind, each in parts.items())
    left = [word for word, kind in kind_of.items() if kind is None]
    rest = f"; {quoted(left)} add nothing" if left else ""
    return Rows((), (), (f"{column.header!r}: rows of an order are of several kinds: {told}{rest}",), parts)


def part_of(word: str, words: Words, *, is_whole: bool = False) -> str | None:
    """Which part of an order's amount a row of this kind is."""
    found = next((kind for kind in PARTS if words.is_kind(kind, word, whole=is_whole)), None)
    is_goods = words.is_kind("goods", word, whole=is_whole) or (not is_whole and words.is_kind("line", word))
    if any(words.is_kind(kind, word, whole=is_whole) for kind in NO_GOODS):
        return "goods"  # a line of its own, which says that it is none
    return found or ("goods" if is_goods else None)


def _by_refund_number(roles: Roles, words: Words) -> Rows | None:
    """Rows with a refund's number give back, where others have none."""
    column = roles.first("refund_number")
    if column is None:
        return None
    none = tuple(word for word in column.distinct if words.is_whole("nobody", word))
    said = f"{column.header!r}: rows with a number are taken as given back"
    if column.is_filled:
        return Rows((Condition(column, "in", none),), (Condition(column, "not_in", none),), (said,))
    return Rows((Condition(column, "blank"),), (Condition(column, "filled"),), (said,))


def _by_kind(roles: Roles, words: Words) -> Rows | None:
    """Kinds of rows that a column of words tells apart."""
    column = _column_of_kinds(roles, words)
    if column is None or not 2 <= len(column.distinct) <= FEW:
        return None
    refunds = [word for word in column.distinct if words.is_kind("refund", word)]
    sales = _words_of_sales(column, refunds, roles, words)
    way = _by_direction(roles, words)
    if refunds and sales:
        return _sales_and_refunds(column, sales, refunds, way or Rows())
    if way is not None:
        return way
    said = f"{column.header!r}: rows are of several kinds ({quoted(column.distinct)}); add a `where` on it, or totals and payments count as lines"
    return Rows(questions=(said,))


def _sales_only(roles: Roles, words: Words) -> Rows | None:
    """Of a column of kinds the words that mean a sale, where others do not and nothing else tells the rows apart."""
    column = _column_of_kinds(roles, words)
    sales = _words_of_sales(column, [], roles, words) if column and len(column.distinct) <= FEW else []
    is_told = column is not None and 0 < len(sales) < len(column.distinct)
    return _sales_and_refunds(column, sales, [], Rows()) if column and is_told else None


def _words_of_sales(column: Column, refunds: Sequence[str], roles: Roles, words: Words) -> list[str]:
    """Words of sales, but not of their fees, whose amounts have a minus."""
    fees = {word for word, signs in _signs_of(column, roles).items() if 1 not in signs}
    fees |= {word for word in column.distinct if words.role_of(word) == "fee"}
    sales = [word for word in column.distinct if word not in refunds and words.is_kind("sale", word)]
    sales = [word for word in sales if word not in fees] or sales
    sold = [word for word in sales if words.is_kind("sold", word)]
    return [word for word in sales if word in sold or not words.is_kind("bought", word)] if sold else sales


def _are_all_articles(column: Column, roles: Roles) -> bool:
    """Whether rows of every kind name an article and its amount, so that each of them is a line."""
    article, amount = (
        roles.first("sku", "product_name"),
        roles.first("line_amount", "gross_amount", "unit_price"),
    )
    return bool(article and amount and article.is_filled and amount.is_filled and all(amount.numbers))


def _column_of_kinds(roles: Roles, words: Words) -> Column | None:
    """The column whose few words tell sales from refunds, whatever its name; else the one that is named after kinds."""
    free = [c for c in roles.all("line_kind", "event_kind") if not c.is_blank]
    free += [c for c in roles.columns if roles.role(c) is None and not (c.numbers or c.time)]
    told = (c for c in free if len(c.distinct) <= FEW and {"sale", "refund"} <= _kinds_of(c, words))
    return next(told, None) or roles.first("line_kind")


def _kinds_of(column: Column, words: Words) -> set[str | None]:
    def kind(word: str) -> str | None:
        return next((each for each in ("refund", "sale") if words.is_kind(each, word)), None)

    return set(map(kind, column.distinct))


def _by_reference(roles: Roles) -> Rows | None:
    """Rows that name another row of the file, as their sale, give it back."""
    column = roles.first("reference_id")
    if column is None or column.is_filled:
        return None
    named = set(column.filled)
    if not any(c is not column and named <= set(c.filled) for c in roles.columns):
        return None
    said = f"{column.header!r}: rows that name another row by it are taken as given back"
    return Rows((Condition(column, "blank"),), (Condition(column, "filled"),), (said,))


def _sales_and_refunds(column: Column, sales: list[str], refunds: list[str], way: Rows) -> Rows:
    """Rows by their kind, and by the direction of their money where the file tells it, too."""
    left = [word for word in column.distinct if word not in refunds + sales]
    said = f"{column.header!r}: rows are of several kinds; sales are {quoted(sales)}, refunds are {quoted(refunds)}, neither are {quoted(left)}"
    sold, back = Condition(column, "in", tuple(sales)), Condition(column, "in", tuple(refunds))
    return Rows((sold, *way.sales), (back, *way.refunds) if refunds else (), (said, *way.questions))


def _words_of_refunds(told: Column | None, words: Words) -> tuple[str, ...]:
    if told is None or len(told.distinct) > FEW:
        return ()
    return tuple(w for w in told.distinct if words.is_kind("refund", w) or words.status_of(w) == "refunded")


def _by_direction(roles: Roles, words: Words) -> Rows | None:
    """What came in was sold; what went out was given back where a status or kind says so, else it is neither."""
    column = roles.first("direction")
    if column is None or len(column.distinct) > FEW:
        return None
    ways = {word: words.direction_of(word) for word in column.distinct}
    came, went = (tuple(word for word, way in ways.items() if way == each) for each in ("in", "out"))
    if not came:
        said = (
            f"{column.header!r}: no word of it is known to mean that money came in; say which rows are sales"
        )
        return Rows(questions=(said,))
    rest = [word for word in column.distinct if word not in came + went]
    told = roles.first("line_kind", "after_sales", "order_status")
    back = _words_of_refunds(told, words)
    said = (
        f"{column.header!r}: only rows of {quoted(came)} are taken as sales; {quoted(went)} went out and is no sale"
        f"{'; ' + quoted(rest) + ' is neither' if rest else ''}"
    )
    sales: tuple[Condition, ...] = (Condition(column, "in", came),)
    if not (told and back):
        return Rows(sales, (), (said,))
    is_sold = Condition(told, "not_in", back)
    given = Condition(column, "in", went)
    has_given = any(given.holds(row) and told.texts[row] in back for row in range(len(column.texts)))
    return Rows((*sales, is_sold), (given, Condition(told, "in", back)) if has_given else (), (said,))


def _by_flag(roles: Roles) -> Rows | None:
    flag = roles.first("is_refund")
    if flag is None or not is_flag(flag):
        return None
    said = f"{flag.header!r}: rows with it are taken as given back"
    return Rows((Condition(flag, "not_true"),), (Condition(flag, "true"),), (said,))


def _by_sign(roles: Roles, words: Words) -> Rows | None:
    """What is written with a minus where a row gives back: the quantity, or the amount where each row has its own number."""
    has_own = any(c.is_unique for c in order_numbers(roles, words) or filter(None, [plain_id(roles)]))
    for role in ("quantity", "line_amount", "gross_amount") if has_own else ("quantity",):
        for column in roles.all(role):
            is_mixed = len({value < 0 for value in column.numbers if value}) > 1
            if is_mixed and (role == "quantity" or _all_are_back(column, roles)):
                return _told_by_minus(column, roles)
    return None


def _told_by_minus(column: Column, roles: Roles) -> Rows:
    """Rows with a minus give back; or the others do, where more than half of the rows have one, in the quantity and in an amount."""
    amounts = [column, *(c for c in roles.all("line_amount", "gross_amount", "net_amount") if c.numbers)]
    is_turned = len(amounts) > 1 and all(
        sum((v or 0) < 0 for v in c.numbers) * 2 > len(c.numbers) for c in amounts[:2]
    )
    less, more = Condition(column, "negative"), Condition(column, "not_negative")
    if is_turned:
        return Rows(
            (less,),
            (more,),
            (
                f"{column.header!r}: most rows have a minus, so they are taken as sales, and the others as given back",
            ),
        )
    return Rows((more,), (less,), (f"{column.header!r}: rows with a minus are taken as given back",))


def _all_are_back(column: Column, roles: Roles) -> bool:
    """Whether no other amount of a row with a minus is above nought: else it is a payout, or a sale that was taken back."""
    others = [
        c for c in roles.all("line_amount", "gross_amount", "unit_price") if c.numbers and c is not column
    ]
    rows = [row for row, value in enumerate(column.numbers) if value and value < 0]
    amounts = [c for c in others if roles.role(c) != "unit_price"]
    return not any((other.numbers[row] or 0) > 0 for other in amounts for row in rows)
