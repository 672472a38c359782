"""Products: the newest row of each article that has a number and a name."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, money_name, name_of, newest
from cdp_assets.drafting.shapes.order_lines import sku_of
from cdp_assets.drafting.table import Table


def draft(table: Table) -> Iterator[Model]:
    sku, name = sku_of(table), table.first("product_name")
    if not sku or not name:
        return
    expressions = {
        "sku": sku,
        "product_name": name.name,
        "brand": name_of(table.first("brand")),
        "category": name_of(table.first("category")),
        "list_price": money_name(table, table.money.price) if table.money.price else None,
    }
    moment = table.moment.name if table.moment else None
    yield Model("products", table, expressions, (f"{sku} is not null",), newest_of=newest(sku, moment))
