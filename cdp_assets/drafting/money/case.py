"""What every step of settling amounts looks at beside the amounts, and which rows it tries them on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cdp_assets.drafting.money.sums import CENTS, ZERO, Amounts, Values
from cdp_assets.drafting.profile import Column
from cdp_assets.drafting.roles.role import Roles
from cdp_assets.drafting.words import Words

MAX_DISCOUNTS = 6


LEAST_TAX = 40  # no tax on goods is less than this part of them


MAX_UNKNOWN, MANY_ROWS = (
    8,
    3,
)  # amounts of unknown headers that are tried, and rows from which on their sums tell


MANY_OF_A_KIND, MANY_TRIED = 8, 80  # rows of a kind, and in all, on which unknown amounts are tried


# what may make a payment smaller than the goods
OFF = ("discount_amount", "platform_discount", "creator_discount", "redeemed")


OTHERS = OFF[1:]  # … and is not the seller's discount: another bears it, or it is a means of payment


TOTALS = ("gross_amount", "line_amount", "net_amount")


@dataclass(frozen=True)
class Case:
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


Step = Callable[[Amounts, Case], tuple[Mapping[int, str | None], list[str]]]


def telling_rows(level: Amounts) -> Amounts:
    """A few rows of each kind: which of the amounts they have."""
    seen: dict[tuple[bool, ...], list[int]] = defaultdict(list)
    for row, there in enumerate(zip(*(map(bool, values) for values in level.values.values()), strict=True)):
        seen[there].append(row)
    rows = sorted(row for each in seen.values() for row in each[:MANY_OF_A_KIND])[:MANY_TRIED]
    return level.on(rows)


def all_equal(made: Values, whole: Values) -> bool:
    """Whether two amounts are the same on all rows of at least three that have them."""
    pairs = [(a, b) for a, b in zip(made, whole, strict=True) if a is not None and b is not None]
    return len(pairs) >= MANY_ROWS and all(abs(a - b) <= CENTS for a, b in pairs)


def lacking(wholes: Values, paid: Values) -> list[Decimal]:
    return [round((w or ZERO) - each, 2) for w, each in zip(wholes, paid, strict=True) if each is not None]


def first_of_them(columns: Sequence[Column]) -> Column | None:
    return next(iter(columns), None)
