"""What the review queue asks: its pairs, the records' own values, what was compared, and the evidence."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import CONTACT, Published

QUEUE, EVIDENCE, RECORDS = "ops_review_queue", "ops_review_evidence", "records"
COMPARED = {
    "full_name": "name_sound", "phone": "phone", "email": "email", "birth_date": "delivered_birth_date", "street": "street",
    "postcode": "postcode", "loyalty_id": "loyalty_id",
}  # fmt: skip


def queue(shown: Published) -> pd.DataFrame:
    """marts.ops_review_queue, the most worthwhile first. One row per pair."""
    return shown.ask(f"select * from {QUEUE} order by queue_rank")


def evidence(shown: Published, record_key_l: str, record_key_r: str) -> pd.DataFrame:
    """What speaks for and against one pair, the weightiest first. One row per comparison."""
    return shown.ask(
        f"select comparison, finding, bits from {EVIDENCE} where record_key_l = ? and record_key_r = ? "
        "order by comparison = 'start' desc, abs(bits) desc, comparison",
        record_key_l,
        record_key_r,
    )


def record(shown: Published, record_key: str) -> pd.DataFrame:
    """One record's own values, masked, and figures of the customer that it is part of. One row, or none."""
    return shown.ask(
        """
        select r.masked_full_name, r.masked_phone, r.masked_email, r.birth_year, r.gender, r.city, r.region, r.country, r.channel,
            r.source_customer_id, r.record_kind, r.contact_role, r.created_at, r.customer_id, c.record_count, c.order_count,
            c.net_revenue, c.last_order_date
        from records as r left join customers as c on r.customer_id = c.customer_id
        where r.record_key = ?
        """,
        record_key,
    )


def record_in_clear(shown: Published, record_key: str) -> pd.DataFrame:
    """One record's own identifiers in clear. One row, or none."""
    return shown.ask_contact(
        f"""
        select full_name, delivered_phone, delivered_email, delivered_birth_date, street, city, region, postcode, country, loyalty_id
        from {CONTACT}.contact.records_contact where record_key = ?
        """,
        record_key,
    )


def agreement(shown: Published, record_key_l: str, record_key_r: str) -> dict[str, str]:
    """Per identifier: equal, different or missing, told from the values in clear without showing them."""
    if "records_contact" not in shown.contact_tables():
        return {}
    columns = ", ".join(
        f"case when l.{column} is null or r.{column} is null then 'missing' when l.{column} = r.{column} then 'equal' "
        f"else 'different' end as {name}"
        for name, column in COMPARED.items()
    )
    found = shown.ask_contact(
        f"""
        select {columns}
        from {CONTACT}.contact.records_contact as l, {CONTACT}.contact.records_contact as r
        where l.record_key = ? and r.record_key = ?
        """,
        record_key_l,
        record_key_r,
    )
    return {} if found.empty else {str(name): str(found[name].iloc[0]) for name in found.columns}


def customer_of(shown: Published, text: str) -> str | None:
    """The customer that a customer id, the beginning of one, a record key or a channel's own id names; None where none or several fit."""
    found = shown.ask(
        """
        select customer_id from customers where customer_id = $1 or (length($1) >= 8 and starts_with(customer_id, $1))
        union
        select customer_id from customer_crosswalk
        where customer_id is not null and (record_key = $1 or source_customer_id = $1 or channel || ':' || source_customer_id = $1)
        """,
        text.strip().removesuffix("…"),
    )["customer_id"]
    return str(found.iloc[0]) if len(found) == 1 else None


def first_record(shown: Published, customer_id: str) -> str:
    """The record of a customer that a merge is ruled on: an account before others."""
    found = shown.ask(
        """
        select record_key from customer_crosswalk where customer_id = ?
        order by case record_kind when 'account' then 0 when 'member' then 1 else 2 end, record_key
        limit 1
        """,
        customer_id,
    )["record_key"]
    return str(found.iloc[0])
