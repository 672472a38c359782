"""Conditions of the rows that are sales, and of those that give money back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cdp_assets.drafting.profile import Column
from cdp_assets.landing.typed.casts import sql_text

PARTS = ("shipping", "discount", "tax")


NO_GOODS = ("gift_card", "tip", "donation")  # lines that are sold and are no revenue of goods


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


def quoted(found: Sequence[str]) -> str:
    return ", ".join(map(repr, found)) or "none"


def is_flag(column: Column) -> bool:
    return column.flags is not None or set(column.distinct) <= {"0", "1"}


def groups_of(texts: Sequence[str]) -> dict[str, list[int]]:
    """Row positions of each text that stands on several rows."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        found[text].append(position)
    return {text: rows for text, rows in found.items() if len(rows) > 1 and text}
