"""Contacts beside a record's own: further phones and e-mails in a list of persons."""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, as_time, customer_sql, newest
from cdp_assets.drafting.table import Field, Table


def draft(table: Table) -> Iterator[Model]:
    customer, more = customer_sql(table), _further(table)
    if not customer or table.keys.order or not more:
        return
    updated = table.time("updated_at") or table.moment
    values = " ".join(f"when {number} then {each.name}" for number, each in enumerate(more, start=1))
    types = " ".join(f"when {number} then '{each.role}'" for number, each in enumerate(more, start=1))
    numbers = ", ".join(f"({number})" for number in range(1, len(more) + 1))
    expressions = {
        "source_customer_id": customer,
        "contact_type": f"case contact_number {types} end",
        "contact_value": f"case contact_number {values} end",
        "updated_at": as_time(updated) if updated else None,
    }
    named = ", ".join(each.name for each in more)
    yield Model(
        "contacts",
        table,
        expressions,
        (f"{customer} is not null",),
        newest_of=newest(f"{customer}, contact_number", updated.name if updated else None),
        after=f"case contact_number {values} end is not null",
        joins=f"cross join (values {numbers}) as each_contact(contact_number)",
        comment="one row per further contact of each record",
        questions=(f"{named}: taken as further contacts of the person; see that they are the person's own",),
    )


def _further(table: Table) -> list[Field]:
    """Contacts of a kind beyond the first, which stands with the record."""
    found = []
    for role in ("email", "phone"):
        filled = [f for f in table.all(role) if not f.column.is_blank and f.logical_type == "string"]
        first = filled[:1]
        found += [f for f in filled[1:] if f.column.texts != first[0].column.texts]
    return found
