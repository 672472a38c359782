"""Unit costs: what one piece of an article costs to buy, from a day on; no list of sales."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, as_date, currency_sql, number
from cdp_assets.drafting.shapes.order_lines import sku_of
from cdp_assets.drafting.table import Table

ALWAYS = "date '1970-01-01'"


def draft(table: Table) -> Iterator[Model]:
    cost, article = number(table, "unit_cost"), sku_of(table)
    if not cost or not article or table.keys.order or table.money.quantity:
        return
    since = table.time("valid_from") or table.moment
    currency, asked = currency_sql(table)
    expressions = {
        "product_code": article,
        "valid_from": as_date(since) if since else ALWAYS,
        "currency": currency,
        "unit_cost": cost.name,
    }
    said = [f"product_code: {article} is taken as the retailer's own code; margin is known where it is"]
    said += (
        []
        if since
        else ["valid_from: the file has no date, so each cost holds from the beginning of time on"]
    )
    yield Model("unit_costs", table, expressions, (f"{cost.name} >= 0",), questions=(*said, *asked))
