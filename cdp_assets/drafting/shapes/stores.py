"""Stores: a list of them, with a name or a place of each."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import PERSONS, Model, name_of, newest
from cdp_assets.drafting.table import Table


def draft(table: Table) -> Iterator[Model]:
    named = [f for f in table.all("store_id") if not f.column.is_blank]
    own = next((f for f in named if f.column.is_unique and f.column.is_filled), None)
    place = table.first("city", "country", "street")
    others = table.keys.order or table.all(*PERSONS, "spend", "event_kind", "sku")
    if own is None or others or not (len(named) > 1 or place):
        return
    name = next((f for f in named if f is not own), None)
    expressions = {
        "store_id": own.name,
        "store_name": name_of(name),
        "city": name_of(table.first("city")),
        "country": name_of(table.first("country")),
    }
    yield Model("stores", table, expressions, newest_of=newest(own.name, None))
