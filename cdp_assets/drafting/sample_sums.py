"""The numbers of a sample by meaning, a row's or an order's, and whether sums of them agree. For drafts only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.sampling import SampleColumn

Values = Sequence[Decimal | None]
SHARE = 0.9  # of the rows must agree: cancelled ones are often blank or nought
MAX_EXTRAS = 4


class Amounts:
    """The export's number columns by meaning, with the sample's values: a row's, or an order's (see `per_order`)."""

    def __init__(
        self, columns: list[GuessedColumn], values: dict[str, Values], product: Values | None = None
    ) -> None:
        self.columns, self.values, self._product = columns, values, product

    def of(self, *roles: str) -> list[GuessedColumn]:
        return [column for column in self.columns if column.role in roles]

    def first(self, *roles: str) -> Values | None:
        found = self.of(*roles)
        return self.values[found[0].name] if found else None

    def product(self) -> Values | None:
        """Quantity × price."""
        return self._product or multiply(self.first("quantity"), self.first("unit_price"))

    def of_rows(self) -> Amounts:
        """Without what is the order's: no row's sum holds with it. A discount may be a row's that is the same by chance."""
        own = [c for c in self.columns if not c.is_repeated or c.role == "discount_amount"]
        return Amounts(own, self.values, self.product())

    def per_order(self, ids: Sequence[str]) -> Amounts:
        """One value per order: that of its first row where it is the order's, else its rows' sum."""
        rows: dict[str, list[int]] = defaultdict(list)
        for position, order in enumerate(ids):
            rows[order].append(position)

        def totals(values: Values, is_repeated: bool) -> Values:
            picked = (pick(values, positions) for positions in rows.values())
            return [
                next((v for v in each if v is not None), None)
                if is_repeated
                else sum((v or Decimal(0) for v in each), Decimal(0))
                for each in picked
            ]

        product = self.product()
        values = {c.name: totals(self.values[c.name], c.is_repeated) for c in self.columns}
        return Amounts(self.columns, values, totals(product, False) if product else None)


def befores_of(amounts: Amounts) -> list[Values]:
    """What an amount may have been before discount."""
    line, price, product = amounts.first("line_amount"), amounts.first("unit_price"), amounts.product()
    befores = [values for values in (product, line or price) if values][:1]
    return befores or [amounts.values[c.name] for c in amounts.of("gross_amount")]


def extras_of(amounts: Amounts) -> list[Values]:
    return [amounts.values[c.name] for c in amounts.of("shipping_amount", "tax_amount", "tip")[:MAX_EXTRAS]]


def adds_up(before: Values, discount: Values, extras: list[Values], net: Values) -> bool:
    less = [None if b is None else b - abs(d or Decimal(0)) for b, d in zip(before, discount, strict=True)]
    return any(
        share_equal(add_up([less, *chosen]), net) >= SHARE
        for size in range(len(extras) + 1)
        for chosen in combinations(extras, size)
    )


def pick(values: Values, rows: list[int]) -> Values:
    return [values[row] for row in rows]


def multiply(quantity: Values | None, price: Values | None) -> Values | None:
    if quantity is None or price is None:
        return None
    return [None if q is None or p is None else q * p for q, p in zip(quantity, price, strict=True)]


def add_up(columns: Sequence[Values]) -> list[Decimal]:
    return [sum((value or Decimal(0) for value in row), Decimal(0)) for row in zip(*columns, strict=True)]


def share_equal(left: Values, right: Values) -> float:
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return sum(abs(a - b) <= Decimal("0.02") for a, b in pairs) / len(pairs) if pairs else 0.0


def values_of(column: SampleColumn, facts: Mapping[str, Any]) -> Values:
    point, thousands = facts.get("decimalMark", "."), facts.get("thousandsMark", "")
    return [_value(text, point, thousands) for text in column.values]


def _value(text: str, point: str, thousands: str) -> Decimal | None:
    bare = re.sub(r"[^\d.,'()+-]", "", text)
    sign = -1 if bare.startswith("(") or bare.endswith("-") else 1
    bare = bare.strip("()").rstrip("-").replace(thousands or "\0", "").replace(point, ".")
    try:
        return Decimal(bare) * sign if bare else None
    except InvalidOperation:
        return None
