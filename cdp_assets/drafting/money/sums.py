"""The numbers of a sample by meaning, a row's or an order's, and whether sums of them agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from cdp_assets.drafting.profile import Column

Values = Sequence[Decimal | None]
SHARE = 0.9  # of the rows must agree: cancelled ones are often blank or nought
MAX_EXTRAS = 4
ZERO, CENTS = Decimal(0), Decimal("0.02")


@dataclass(frozen=True)
class Amounts:
    """The number columns of the rows that are sales, by meaning: a row's values, or an order's (`per_order`).

    `once`: positions of what stands once per order; `made`: quantity × price where it was made before rows became orders.
    """

    columns: tuple[Column, ...]
    meaning: Mapping[int, str | None]
    values: Mapping[int, Values]
    once: frozenset[int] = frozenset()
    made: Values | None = None

    def of(self, *roles: str | None) -> list[Column]:
        return [column for column in self.columns if self.meaning[column.position] in roles]

    def value(self, column: Column) -> Values:
        return self.values[column.position]

    def first(self, *roles: str) -> Values | None:
        found = self.of(*roles)
        return self.value(found[0]) if found else None

    def filled(self, *roles: str | None) -> list[Column]:
        """Columns of these roles that hold any amount but nought."""
        return [column for column in self.of(*roles) if any(self.value(column))]

    def taken_off(self, count: int, *roles: str) -> list[Decimal]:
        """What the columns of these roles take off each of `count` values, without sign."""
        return add_up([[ZERO] * count, *(sizes(self.value(column)) for column in self.filled(*roles))])

    def product(self) -> Values | None:
        """Quantity × price."""
        return self.made or multiply(self.first("quantity"), self.first("unit_price"))

    def meant(self, changes: Mapping[int, str | None]) -> Amounts:
        """The same numbers, some with another meaning."""
        return replace(self, meaning={**self.meaning, **changes}) if changes else self

    def on(self, rows: Sequence[int]) -> Amounts:
        """The same on some of the rows, in this order."""
        values = {position: pick(each, rows) for position, each in self.values.items()}
        return replace(self, values=values, made=pick(self.made, rows) if self.made else None)

    def of_rows(self) -> Amounts:
        """Without what is the order's: no row's sum holds with it. A discount may be a row's that is the same by chance."""
        off = self.of("discount_amount")
        own = tuple(c for c in self.columns if c.position not in self.once or c in off)
        return replace(self, columns=own, made=self.product())

    def per_order(self, ids: Sequence[str]) -> Amounts:
        """One value per order: that of its first row where it is the order's, else its rows' sum."""
        rows: dict[str, list[int]] = defaultdict(list)
        for position, order in enumerate(ids):
            rows[order].append(position)

        product = self.product()
        values = {
            c.position: _totals(self.value(c), rows.values(), c.position in self.once) for c in self.columns
        }
        return replace(self, values=values, made=_totals(product, rows.values(), False) if product else None)

    def is_once_as(self, column: Column, other: Column) -> bool:
        """Whether two columns stand as often: both once per order, or both on each row."""
        return (column.position in self.once) == (other.position in self.once)

    def befores(self) -> list[Values]:
        """What an amount may have been before discount."""
        found = [values for values in (self.product(), self.first("line_amount", "unit_price")) if values][:1]
        return found or [self.value(column) for column in self.of("gross_amount")]

    def extras(self) -> list[Values]:
        """Amounts of what may come on top, and of refunds, which some wholes are less by."""
        back = [negated(sizes(self.value(c))) for c in self.filled("refund_amount")[:1]]
        return [*(self.value(c) for c in self.on_top()), *back]

    def on_top(self) -> list[Column]:
        """What may come on top of goods."""
        return self.filled("shipping_amount", "tax_amount", "tip", "surcharge")[:MAX_EXTRAS]


def _totals(values: Values, groups: Iterable[Sequence[int]], is_once: bool) -> Values:
    """One value per group of rows: the first, or all together."""
    picked = [pick(values, rows) for rows in groups]
    if is_once:
        return [next((v for v in each if v is not None), None) for each in picked]
    return [sum((v or ZERO for v in each), ZERO) for each in picked]


def subsets(extras: Sequence[Values]) -> Iterator[tuple[Values, ...]]:
    """Every choice of what comes on top, none first."""
    for size in range(len(extras) + 1):
        yield from combinations(extras, size)


def adds_up(before: Values, discount: Values, extras: Sequence[Values], net: Values) -> bool:
    """Whether before − |discount| with some of the extras on top is the net amount, on most rows."""
    left = less(before, discount)
    return any(share_equal(add_up([left, *chosen]), net) >= SHARE for chosen in subsets(extras))


def less(before: Values, discount: Values) -> Values:
    """What a discount leaves, whatever its sign."""
    return [None if b is None else b - abs(d or ZERO) for b, d in zip(before, discount, strict=True)]


def pick(values: Values, rows: Sequence[int]) -> Values:
    return [values[row] for row in rows]


def multiply(quantity: Values | None, price: Values | None) -> Values | None:
    if quantity is None or price is None:
        return None
    return [None if q is None or p is None else q * p for q, p in zip(quantity, price, strict=True)]


def add_up(columns: Sequence[Values]) -> list[Decimal]:
    return [sum((value or ZERO for value in row), ZERO) for row in zip(*columns, strict=True)]


def share_equal(left: Values, right: Values) -> float:
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return sum(abs(a - b) <= CENTS for a, b in pairs) / len(pairs) if pairs else 0.0


def negated(values: Values) -> Values:
    return [None if value is None else -value for value in values]


def sizes(values: Values) -> Values:
    """Without sign: of what is given back, the fee is, too."""
    return [None if value is None else abs(value) for value in values]
