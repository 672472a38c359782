"""One module per shared shape: `draft(table)` yields the shape's model where the export holds the least that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cdp_assets.drafting.shapes import (
    consents,
    contacts,
    customers,
    order_lines,
    orders,
    payments,
    products,
    rates,
    refunds,
    spend,
    stores,
    touchpoints,
    unit_costs,
)
from cdp_assets.drafting.shapes.model import Model
from cdp_assets.drafting.table import Table

SHAPES: tuple[Callable[[Table], Iterator[Model]], ...] = (
    orders.draft, order_lines.draft, refunds.draft, payments.draft, customers.draft, contacts.draft, consents.draft, spend.draft,
    touchpoints.draft, products.draft, stores.draft, unit_costs.draft, rates.draft,
)  # fmt: skip
