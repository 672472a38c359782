"""Which rows of a sample are sales, which give money back, and which are neither: by words, flags, directions, signs and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles import Roles
from cdp_assets.drafting.words import Words
from cdp_assets.landing.typed.casts import sql_text

FEW = 20  # different words, at most, of a column whose words tell rows apart


@dataclass(frozen=True)
class Condition:
    """A condition on a row's column: `how` is in, not_in, true, not_true, negative, not_negative or filled."""

    column: Column
    how: str
    words: tuple[str, ...] = ()

    def holds(self, row: int) -> bool:
        text = self.column.texts[row]
        if self.how in ("in", "not_in"):
            return (text in self.words) == (self.how == "in")
        if self.how in ("true", "not_true"):
            yes = self.column.flags[0] if self.column.flags else ("1",)
            return (text.lower() in yes) == (self.how == "true")
        if self.how == "filled":
            return bool(text)
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
        }[self.how]


@dataclass(frozen=True)
class Rows:
    """Conditions of the rows that are sales and of those that are refunds (none at all: no row is one), and what to ask."""

    sales: tuple[Condition, ...] = ()
    refunds: tuple[Condition, ...] = ()
    questions: tuple[str, ...] = ()

    def are_sales(self, count: int) -> list[bool]:
        return [all(each.holds(row) for each in self.sales) for row in range(count)]

    def are_refunds(self, count: int) -> list[bool]:
        return [bool(self.refunds) and all(each.holds(row) for each in self.refunds) for row in range(count)]


def rows_of(roles: Roles, words: Words) -> Rows:
    """Tell sales from refunds by the first of kinds, directions, flags or signs that does; then leave out what is neither."""
    told = (
        _by_kind(roles, words) or _by_direction(roles, words) or _by_flag(roles) or _by_sign(roles) or Rows()
    )
    common = [*_goods_only(roles, words), *_left_out(roles), *_without_summaries(roles)]
    left = tuple(condition for condition, _ in common)
    refunds = (*told.refunds, *left) if told.refunds else ()
    return Rows((*told.sales, *left), refunds, (*told.questions, *(question for _, question in common)))


def _quoted(found: Sequence[str]) -> str:
    return ", ".join(map(repr, found)) or "none"


def _by_kind(roles: Roles, words: Words) -> Rows | None:
    """Kinds of rows that a column of words tells apart."""
    column = roles.first("line_kind")
    if column is None or not 2 <= len(column.distinct) <= FEW:
        return None
    lines = [word for word in column.distinct if words.is_kind("line", word)]
    if len(lines) == 1:
        said = f"{column.header!r}: rows are of several kinds; only {lines[0]!r} is taken as an order's line, the others add no amount"
        return Rows((Condition(column, "in", tuple(lines)),), (), (said,))
    refunds = [word for word in column.distinct if words.is_kind("refund", word)]
    sales = [word for word in column.distinct if word not in refunds and words.is_kind("sale", word)]
    way = _by_direction(roles, words)
    if refunds and sales:
        return _sales_and_refunds(column, sales, refunds, way or Rows())
    if way is not None:
        return way
    said = f"{column.header!r}: rows are of several kinds ({_quoted(column.distinct)}); add a `where` on it, or totals and payments count as lines"
    return Rows(questions=(said,))


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


def _by_sign(roles: Roles) -> Rows | None:
    """What is written with a minus where a row gives back: the quantity, or the amount where each row has its own number."""
    order = roles.first("order_id")
    has_own = order is not None and order.is_unique
    for role in ("quantity", "line_amount", "gross_amount") if has_own else ("quantity",):
        for column in roles.all(role):
            is_mixed = len({value < 0 for value in column.numbers if value}) > 1
            if is_mixed and (role == "quantity" or _all_are_back(column, roles)):
                said = f"{column.header!r}: rows with a minus are taken as given back"
                return Rows((Condition(column, "not_negative"),), (Condition(column, "negative"),), (said,))
    return None


def _all_are_back(column: Column, roles: Roles) -> bool:
    """Whether no other amount of a row with a minus is above nought: else it is a payout, or a sale that was taken back."""
    others = [
        c for c in roles.all("line_amount", "gross_amount", "unit_price") if c.numbers and c is not column
    ]
    rows = [row for row, value in enumerate(column.numbers) if value and value < 0]
    return not any(
        (other.numbers[row] or 0) > 0 for other in others for row in rows if roles.role(other) != "unit_price"
    )


def _goods_only(roles: Roles, words: Words) -> Iterator[tuple[Condition, str]]:
    """Of rows for each kind of amount, the goods' only."""
    found = []
    for column in roles.all("amount_kind"):
        goods = tuple(w for w in column.distinct if words.is_kind("goods", w, whole=True))
        if goods and 1 < len(column.distinct) <= FEW:
            said = f"{column.header!r}: only {_quoted(goods)} is taken as what was sold; other amounts add nothing"
            found.append((Condition(column, "in", goods), said))
    yield from found[-1:]


def _left_out(roles: Roles) -> Iterator[tuple[Condition, str]]:
    """Rows that a flag marks as a test or draft, and lines of an order that one marks as void."""
    order = roles.first("order_id")
    for column in roles.all("is_test", "is_cancelled"):
        if column.is_blank or not _is_flag(column):
            continue
        is_live = column.header.casefold().replace("_", "").replace(" ", "") == "livemode"
        if roles.role(column) == "is_test":
            said = f"{column.header!r}: rows that it marks are left out, as they are no sale"
            yield Condition(column, "true" if is_live else "not_true"), said
        elif order is not None and _differs_within(order, column):
            yield (
                Condition(column, "not_true"),
                f"{column.header!r}: rows that it marks are left out of their order",
            )


def _differs_within(order: Column, column: Column) -> bool:
    return any(len({column.texts[row] for row in rows}) > 1 for rows in groups_of(order.texts).values())


def groups_of(texts: Sequence[str]) -> dict[str, list[int]]:
    """Row positions of each text that stands on several rows."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        found[text].append(position)
    return {text: rows for text, rows in found.items() if len(rows) > 1 and text}


def _without_summaries(roles: Roles) -> Iterator[tuple[Condition, str]]:
    """A row without an article whose amount is the sum of its order's other rows sums them up: it is no line."""
    order, article = roles.first("order_id"), roles.first("sku", "product_name")
    amounts = [c for c in roles.all("line_amount", "gross_amount", "unit_price", "net_amount") if c.numbers]
    if order is None or article is None or article.is_filled:
        return
    for column in amounts:
        if _sums_up(column, article, list(groups_of(order.texts).values())):
            said = (
                f"{article.header!r}: rows without it sum up their order's other rows, so they are left out"
            )
            yield Condition(article, "filled"), said
            return


def _sums_up(column: Column, article: Column, groups: Sequence[Sequence[int]]) -> bool:
    told = []
    for rows in groups:
        heads = [row for row in rows if not article.texts[row]]
        if len(heads) == 1 and len(rows) > 1:
            rest = sum((column.numbers[row] or Decimal(0) for row in rows if row != heads[0]), Decimal(0))
            whole = column.numbers[heads[0]]
            told.append(whole is not None and abs(whole - rest) <= Decimal("0.02"))
    return bool(told) and all(told)
