"""A home with hand-made published files, night after night: what activation reads, without the rooms before it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.activation.ledger import insert_rows
from cdp_assets.publishing.generations import flip, next_generation_name
from cdp_assets.settings import Settings

AS_OF = date(2026, 6, 30)

MARTS = """
create schema marts;
create table marts.dates (date_day date);
create table marts.customers (customer_id varchar, masked_full_name varchar, masked_email varchar, masked_phone varchar,
    country varchar, city varchar, order_count bigint, first_order_date date, net_revenue decimal(18,2), is_profiled boolean);
create table marts.customer_rfm (customer_id varchar, segment varchar, monetary decimal(18,2));
create table marts.customer_lifecycle (customer_id varchar, stage varchar);
create table marts.customer_traits (customer_id varchar, preferred_store varchar, price_sensitivity double);
create table marts.customer_value (customer_id varchar, discounted_value_12_months double);
create table marts.orders (channel varchar, order_id varchar, customer_id varchar, store_id varchar, order_date date,
    ordered_at timestamp, is_sale boolean, is_conversion boolean, currency varchar, gross_amount decimal(18,2),
    net_amount decimal(18,2), net_revenue decimal(18,2), is_parked boolean);
create table marts.order_lines (channel varchar, order_id varchar, sku varchar, category varchar, is_goods boolean, is_sale boolean);
create table marts.products (channel varchar, sku varchar, product_code varchar, brand varchar);
create table marts.touchpoints (customer_id varchar, touch_type varchar, marketing_channel varchar, channel varchar,
    source varchar, medium varchar, campaign varchar, is_paid boolean, touch_date date);
create table marts.contacts (customer_id varchar, contact_id varchar, contact_type varchar, contact_scope varchar, is_reachable boolean);
create table marts.contact_permissions (customer_id varchar, contact_id varchar, purpose varchar, is_allowed boolean, expires_at timestamp);
create table marts.customer_id_events (event varchar, customer_id varchar, other_customer_id varchar);
"""
CONTACT = """
create schema contact;
create table contact.contacts_in_clear (customer_id varchar, contact_id varchar, contact_type varchar, contact_scope varchar,
    contact_value varchar, is_reachable boolean);
create table contact.customers_contact (customer_id varchar, given_name varchar, family_name varchar, birth_date date);
"""


@dataclass
class Person:
    """One customer of a night. contacts: (type, value); what is in `allowed` is granted for every contact, until `expires`."""

    customer_id: str
    contacts: list[tuple[str, str]] = field(default_factory=list)
    allowed: frozenset[str] = frozenset({"ads_matching", "marketing", "measurement"})
    expires: date | None = None
    segment: str = "Loyal"
    value: float = 1.0
    country: str | None = "US"
    city: str | None = "Albany"
    is_profiled: bool = True
    born: date | None = None
    unreachable: frozenset[str] = frozenset()
    orders: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)


def contact_id(value: str) -> str:
    return sha256(("contact" + value).encode()).hexdigest()[:32]


def publish(
    settings: Settings,
    people: list[Person],
    as_of: date = AS_OF,
    *,
    without: str = "",
    merged: dict[str, str] | None = None,
) -> str:
    """Make the next generation of these people and flip the link to it; `without`: SQL run on the marts at the end."""
    name = next_generation_name(settings, [])
    folder = settings.published_dir / name
    folder.mkdir(parents=True)
    rows = _rows(people)
    rows["marts.dates"] = [(as_of - timedelta(days=365),), (as_of,)]
    rows["marts.customer_id_events"] = [("merged", new, old) for old, new in (merged or {}).items()]
    with _new_file(folder / "marts.duckdb") as con:
        con.execute(MARTS)
        for table, values in rows.items():
            if table.startswith("marts."):
                insert_rows(con, table, values)
        if without:
            con.execute(without)
    with _new_file(folder / "contact.duckdb") as con:
        con.execute(CONTACT)
        for table, values in rows.items():
            if table.startswith("contact."):
                insert_rows(con, table, values)
    flip(settings, name)
    return name


def _new_file(path: Path) -> duckdb.DuckDBPyConnection:
    """A new database file, under an alias that is not the name of its schema."""
    con = duckdb.connect()
    con.execute(f"attach '{path}' as made (storage_version 'v1.4.0')")
    con.execute("use made")
    return con


def _rows(people: list[Person]) -> dict[str, list[tuple[Any, ...]]]:
    """Table → rows, of everybody."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for person in people:
        who = person.customer_id
        first = min((order["on"] for order in person.orders), default=None)
        rows["marts.customers"].append(
            (who, "A*", "a***@example.com", "+1***99", person.country, person.city, len(person.orders), first, 0, person.is_profiled)
        )  # fmt: skip
        rows["marts.customer_rfm"].append((who, person.segment, person.value))
        rows["marts.customer_lifecycle"].append((who, "active"))
        rows["marts.customer_value"].append((who, person.value))
        rows["contact.customers_contact"].append((who, "Ann", "Lee", person.born))
        for number, order in enumerate(person.orders, start=1):
            order_id, net = order.get("order_id", f"{who}-{number}"), order.get("net", 10)
            rows["marts.orders"].append(
                ("shop", order_id, who, order.get("store", "s1"), order["on"], order["on"], order.get("is_sale", True),
                 order.get("is_conversion", True), "USD", order.get("gross", 10), net, net, order.get("is_parked", False))
            )  # fmt: skip
            sku = order.get("sku", "k1")
            rows["marts.order_lines"].append(("shop", order_id, sku, order.get("category"), True, True))
            if not any(sku == each[1] for each in rows["marts.products"]):
                rows["marts.products"].append(("shop", sku, "p1", order.get("brand")))
        for touch in person.touches:
            rows["marts.touchpoints"].append(
                (
                    who,
                    touch.get("touch_type", "email_open"),
                    "email",
                    "mail",
                    None,
                    None,
                    None,
                    False,
                    touch["on"],
                )
            )
        for named, value in person.contacts:
            kind, _, scope = named.partition(":")
            is_reachable = value not in person.unreachable
            rows["marts.contacts"].append((who, contact_id(value), kind, scope or None, is_reachable))
            rows["contact.contacts_in_clear"].append(
                (who, contact_id(value), kind, scope or None, value, is_reachable)
            )
            rows["marts.contact_permissions"] += [
                (who, contact_id(value), purpose, True, person.expires) for purpose in sorted(person.allowed)
            ]
    return rows
