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
    refunds,
    spend,
    stores,
    touchpoints,
)
from cdp_assets.drafting.shapes.model import Model
from cdp_assets.drafting.table import Table

SHAPES: tuple[Callable[[Table], Iterator[Model]], ...] = tuple(
    module.draft
    for module in (
        orders,
        order_lines,
        refunds,
        payments,
        customers,
        contacts,
        consents,
        spend,
        touchpoints,
        products,
        stores,
    )
)
