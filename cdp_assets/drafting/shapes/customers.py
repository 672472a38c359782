"""Customers: the newest row of each record that is known by an id or by a pseudonym of its contact."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import (
    PERSONS,
    Model,
    as_time,
    conditions_of,
    customer_sql,
    is_order,
    newest,
)
from cdp_assets.drafting.table import Field, Table

TEXTS = (
    "full_name", "given_name", "family_name", "phone", "email", "gender", "national_id", "street", "city", "region",
    "postcode", "country", "loyalty_id", "platform_id",
)  # fmt: skip


def draft(table: Table) -> Iterator[Model]:
    customer = customer_sql(table)
    has_order = bool(table.keys.order)
    if not customer or (has_order and not is_order(table) and not table.all(*PERSONS)):
        return
    if not has_order and (table.first("spend") or (table.first("store_id") and not table.all(*PERSONS))):
        return
    updated = table.time("updated_at") or table.moment
    conditions = (
        *(conditions_of(table, table.rows.sales) if is_order(table) else ()),
        f"{customer} is not null",
    )
    yield Model(
        "customers",
        table,
        _expressions(table, customer, updated),
        conditions,
        newest_of=newest(customer, updated.name if updated else None),
        comment="the newest row of each customer",
    )


def _expressions(table: Table, customer: str, updated: Field | None) -> dict[str, str | None]:
    """Column of the shape → SQL."""
    made = [f for f in table.fields if f.is_time and table.words.says("made_word", f.column.header)]
    has_order = bool(table.keys.order)
    expressions: dict[str, str | None] = {
        "source_customer_id": customer,
        "record_kind": _record_kind(customer),
        "contact_role": "'buyer'",
        **{name: table.text(name) for name in TEXTS},
        "birth_date": next((f.name for f in table.all("birth_date") if f.logical_type == "date"), None),
        "created_at": as_time(made[0]) if made and not has_order else None,
        "updated_at": as_time(updated) if updated else None,
    }
    if contact := table.text("contact"):
        expressions["email"] = expressions["email"] or f"case when {contact} like '%@%' then {contact} end"
        expressions["phone"] = (
            expressions["phone"] or f"case when {contact} not like '%@%' then {contact} end"
        )
    if (street := expressions["street"]) and (house := table.text("house_number")):
        expressions["street"] = f"concat_ws(' ', {street}, {house})"
    return expressions


def _record_kind(customer: str) -> str:
    """Who is known by a contact's pseudonym only is a guest."""
    if customer.startswith("_key_"):
        return "'guest'"
    is_either = "_key_" in customer
    return (
        f"case when {customer} = _key_customer then 'guest' else 'account' end" if is_either else "'account'"
    )
