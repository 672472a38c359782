"""Which rows of a sample are sales, which give money back, and which are neither: by words, flags, directions, signs and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles import Roles, order_numbers, plain_id
from cdp_assets.drafting.sums import CENTS, ZERO, Values, multiply
from cdp_assets.drafting.words import Words
from cdp_assets.landing.typed.casts import sql_text

PARTS = ("shipping", "discount", "tax")
NO_GOODS = ("gift_card", "tip", "donation")  # lines that are sold and are no revenue of goods
OF_AN_ORDER = ("shipping_amount", "tax_amount", "discount_amount", "tip", "surcharge")
FEW = 20  # different words, at most, of a column whose words tell rows apart


@dataclass(frozen=True)
class Condition:
    """A condition on a row's column: `how` is in, not_in, blank, true, not_true, negative, not_negative or filled.

    `unless_all`: it leaves out no row of an order (by this column) of which it would leave out all.
    """

    column: Column
    how: str
    words: tuple[str, ...] = ()
    unless_all: Column | None = None

    def holds(self, row: int) -> bool:
        is_whole = self.unless_all is not None and self.unless_all.texts[row] not in self._kept
        return self._holds(row) or is_whole

    @cached_property
    def _kept(self) -> set[str]:
        """The orders of which it leaves out only some rows."""
        orders = self.unless_all.texts if self.unless_all else ()
        return {text for row, text in enumerate(orders) if self._holds(row)}

    def _holds(self, row: int) -> bool:
        text = self.column.texts[row]
        if self.how in ("in", "not_in"):
            return (text in self.words) == (self.how == "in")
        if self.how in ("true", "not_true"):
            yes = self.column.flags[0] if self.column.flags else ("1",)
            return (text.lower() in yes) == (self.how == "true")
        if self.how in ("filled", "blank"):
            return bool(text) == (self.how == "filled")
        value = self.column.numbers[row] if self.column.numbers else None
        return (value is not None and value < 0) == (self.how == "negative")

    def sql(self, name: str) -> str:
        """The condition over the column's name."""
        listed = ", ".join(map(sql_text, self.words))
        return {
            "in": f"{name} in ({listed})",
            "not_in": f"({name} is null or {name} not in ({listed}))",
            "true": name,
            "not_true": f"not coalesce({name}, false)",
            "negative": f"{name} < 0",
            "not_negative": f"coalesce({name}, 0) >= 0",
            "filled": f"{name} is not null",
            "blank": f"{name} is null",
        }[self.how]


@dataclass(frozen=True)
class Rows:
    """Conditions of the rows that are sales and of those that are refunds (none at all: no row is one), and what to ask."""

    sales: tuple[Condition, ...] = ()
    refunds: tuple[Condition, ...] = ()
    questions: tuple[str, ...] = ()
    parts: Mapping[str, Condition] = field(
        default_factory=dict
    )  # of an order's rows: goods, and what is shipping, discount or tax

    def are_goods(self, count: int) -> list[bool]:
        """Which rows are sales of goods, not another part of an order's amount."""
        goods = self.parts.get("goods")
        return [
            is_sale and (goods is None or goods.holds(row))
            for row, is_sale in enumerate(self.are_sales(count))
        ]

    def are_sales(self, count: int) -> list[bool]:
        return [all(each.holds(row) for each in self.sales) for row in range(count)]

    def are_refunds(self, count: int) -> list[bool]:
        return [bool(self.refunds) and all(each.holds(row) for each in self.refunds) for row in range(count)]


def rows_of(roles: Roles, words: Words) -> Rows:
    """Tell sales from refunds by the first of kinds, directions, flags or signs that does; then leave out what is neither."""
    parts = _parts(roles, words)
    lines, is_part = (None, False) if parts.parts else _summaries(roles, words)
    summed = "rows without it sum up their order's other rows, so they are left out"
    if lines and is_part:
        of_lines = f"{lines.column.header!r}: {summed} of its lines"
        parts = Rows(questions=(of_lines,), parts={"goods": lines})
    goods = parts.parts.get("goods")
    kinds = None if goods and roles.role(goods.column) == "line_kind" else _by_kind(roles, words)
    told = _first_told(
        [
            _by_goods_back(goods, roles),
            kinds,
            _by_refund_number(roles, words),
            _by_direction(roles, words),
            _by_flag(roles),
            _by_sign(roles, words),
            _by_reference(roles),
        ]
    )
    common = [
        *([] if parts.parts else _goods_only(roles, words)),
        *_left_out(roles, words),
        *_tests(roles, words),
        *_lines_called_off(roles, words),
        *([(lines, f"{lines.column.header!r}: {summed}")] if lines and not is_part else []),
    ]
    left = tuple(condition for condition, _ in common)
    refunds = (*told.refunds, *left, *([goods] if goods else [])) if told.refunds else ()
    said = (*told.questions, *parts.questions, *(question for _, question in common))
    return Rows((*told.sales, *left), refunds, said, parts.parts)


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
    said = f"{goods.column.header!r}: the amounts of {_quoted(back)} have a minus, so they are taken as given back"
    sold, given = Condition(goods.column, "not_in", back), Condition(goods.column, "in", back)
    return Rows((sold,), (given,), (said,))


def _below_nought(column: Column, roles: Roles) -> set[str]:
    """Words of a column on whose rows the amount is always below nought."""
    amount = roles.first("line_amount", "gross_amount", "net_amount")
    signs: dict[str, set[bool]] = defaultdict(set)
    for word, value in zip(column.texts, amount.numbers if amount else (), strict=False):
        signs[word] |= {value < 0} if value else set()
    return {word for word, found in signs.items() if found == {True}}


def _parts(roles: Roles, words: Words) -> Rows:
    """Rows of one order for goods, for shipping, for discount and for tax, told apart by a column of kinds.

    What is below nought was no shipping that a buyer paid, but charged to the seller.
    """
    for column in roles.all("line_kind", "amount_kind", "product_kind"):
        is_whole = roles.role(column) == "amount_kind"
        kind_of = {word: _part_of(word, words, is_whole=is_whole) for word in column.distinct}
        kinds, below = set(kind_of.values()), _below_nought(column, roles)
        if "goods" in kinds and kinds & set(PARTS) and len(kind_of) <= FEW:
            charged = [word for word, kind in kind_of.items() if kind == "shipping" and word in below]
            return _told_apart(column, kind_of | dict.fromkeys(charged))
    return Rows()


def _told_apart(column: Column, kind_of: Mapping[str, str | None]) -> Rows:
    found = {kind: tuple(w for w in kind_of if kind_of[w] == kind) for kind in ("goods", *PARTS)}
    parts = {kind: Condition(column, "in", words) for kind, words in found.items() if words}
    told = "; ".join(f"{kind} is {_quoted(each.words)}" for kind, each in parts.items())
    left = [word for word, kind in kind_of.items() if kind is None]
    rest = f"; {_quoted(left)} add nothing" if left else ""
    return Rows((), (), (f"{column.header!r}: rows of an order are of several kinds: {told}{rest}",), parts)


def _part_of(word: str, words: Words, *, is_whole: bool) -> str | None:
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


def _quoted(found: Sequence[str]) -> str:
    return ", ".join(map(repr, found)) or "none"


def _by_kind(roles: Roles, words: Words) -> Rows | None:
    """Kinds of rows that a column of words tells apart."""
    column = _column_of_kinds(roles, words)
    if column is None or not 2 <= len(column.distinct) <= FEW:
        return None
    lines = [word for word in column.distinct if words.is_kind("line", word)]
    if len(lines) == 1 and not _are_all_articles(column, roles):
        said = f"{column.header!r}: rows are of several kinds; only {lines[0]!r} is taken as an order's line, the others add no amount"
        return Rows((Condition(column, "in", tuple(lines)),), (), (said,))
    refunds = [word for word in column.distinct if words.is_kind("refund", word)]
    sales = _words_of_sales(column, refunds, roles, words)
    way = _by_direction(roles, words)
    if refunds and sales:
        return _sales_and_refunds(column, sales, refunds, way or Rows())
    if way is not None:
        return way
    said = f"{column.header!r}: rows are of several kinds ({_quoted(column.distinct)}); add a `where` on it, or totals and payments count as lines"
    return Rows(questions=(said,))


def _words_of_sales(column: Column, refunds: Sequence[str], roles: Roles, words: Words) -> list[str]:
    """Words of sales, but not of their fees, whose amounts have a minus."""
    fees = _below_nought(column, roles) | {word for word in column.distinct if words.role_of(word) == "fee"}
    sales = [word for word in column.distinct if word not in refunds and words.is_kind("sale", word)]
    return [word for word in sales if word not in fees] or sales


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
    said = f"{column.header!r}: rows are of several kinds; sales are {_quoted(sales)}, refunds are {_quoted(refunds)}, neither are {_quoted(left)}"
    sold, back = Condition(column, "in", tuple(sales)), Condition(column, "in", tuple(refunds))
    return Rows((sold, *way.sales), (back, *way.refunds), (said, *way.questions))


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
        f"{column.header!r}: only rows of {_quoted(came)} are taken as sales; {_quoted(went)} went out and is no sale"
        f"{'; ' + _quoted(rest) + ' is neither' if rest else ''}"
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
    if flag is None or not _is_flag(flag):
        return None
    said = f"{flag.header!r}: rows with it are taken as given back"
    return Rows((Condition(flag, "not_true"),), (Condition(flag, "true"),), (said,))


def _is_flag(column: Column) -> bool:
    return column.flags is not None or set(column.distinct) <= {"0", "1"}


def _order(roles: Roles, words: Words) -> Column | None:
    return next(iter(order_numbers(roles, words)), None)


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


def _goods_only(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Of rows for each kind of amount, the goods' only."""
    found = []
    for column in roles.all("amount_kind"):
        goods = tuple(w for w in column.distinct if words.is_kind("goods", w, whole=True))
        if goods and 1 < len(column.distinct) <= FEW:
            said = f"{column.header!r}: only {_quoted(goods)} is taken as what was sold; other amounts add nothing"
            found.append((Condition(column, "in", goods), said))
    yield from found[-1:]


def _left_out(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Rows that a flag marks as a test or draft, and lines of an order that one marks as void."""
    order = _order(roles, words)
    for column in roles.all("is_test", "is_cancelled"):
        is_mark = len(column.distinct) == 1 and not column.is_filled  # an X on few rows
        if column.is_blank or not (_is_flag(column) or is_mark):
            continue
        unmarked = "blank" if is_mark and not _is_flag(column) else "not_true"
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
                f"{column.header!r}: rows of {_quoted(found)} are left out",
            )


def _lines_called_off(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Lines whose own state says cancelled, in orders that have others: the order stands without them."""
    order = _order(roles, words)
    for column in roles.all("order_status", "after_sales"):
        off = tuple(w for w in column.distinct if words.status_of(w) == "cancelled")
        if order is None or not off or len(column.distinct) > FEW or not _differs_within(order, column):
            continue
        said = f"{column.header!r}: it differs within an order, so lines of {_quoted(off)} are left out of orders that have others"
        yield Condition(column, "not_in", off, order), said


def _differs_within(order: Column, column: Column, *, is_blank_said: bool = False) -> bool:
    """Whether a column says different things on the rows of one order; a blank cell says nothing, but where a mark stands on others."""
    nothing = set() if is_blank_said else {""}
    return any(
        len({column.texts[row] for row in rows} - nothing) > 1 for rows in groups_of(order.texts).values()
    )


def groups_of(texts: Sequence[str]) -> dict[str, list[int]]:
    """Row positions of each text that stands on several rows."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        found[text].append(position)
    return {text: rows for text, rows in found.items() if len(rows) > 1 and text}


def _summaries(roles: Roles, words: Words) -> tuple[Condition | None, bool]:
    """The condition of lines, where an order's row without an article sums up its other rows; and whether that row alone holds money of
    the order, such as shipping, so that it stays as a part of it."""
    order, article = _order(roles, words), roles.first("sku", "product_name")
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
