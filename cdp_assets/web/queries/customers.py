"""What the Customers page asks: who fits a search, and everything about one customer. Grain is said at each function."""

from __future__ import annotations

import re

import pandas as pd

from cdp_assets.web.published import CONTACT, MARTS, Published

FOUND_LIMIT, TIMELINE_LIMIT = 50, 1000
MIN_PHONE_DIGITS = 4

_FOUND = """
    select
        c.customer_id, c.masked_full_name, c.masked_phone, c.masked_email, c.channels, c.record_count, c.order_count,
        c.net_revenue, c.last_order_date
    from customers as c
"""


def find_by_id(shown: Published, text: str) -> pd.DataFrame:
    """Customers whose id begins with the text, or who have a record or an order of exactly that id. One row per customer."""
    return shown.ask(
        _FOUND
        + """
        where starts_with(c.customer_id, $1)
            or c.customer_id in (select customer_id from customer_crosswalk where source_customer_id = $1 or record_key = $1)
            or c.customer_id in (select customer_id from orders where order_id = $1)
        order by c.net_revenue desc, c.customer_id
        limit 50
        """,
        text.strip(),
    )


def find_by_contact(shown: Published, text: str) -> pd.DataFrame:
    """Customers whose name or e-mail holds the text, or whose phone ends in its digits. One row per customer; --reveal only."""
    wanted = text.strip().lower()
    digits = re.sub(r"\D", "", wanted)
    return shown.ask_contact(
        f"""
        select
            c.customer_id, p.full_name, p.phone, p.email, c.channels, c.record_count, c.order_count, c.net_revenue,
            c.last_order_date
        from {CONTACT}.contact.customers_contact as p
        inner join {MARTS}.marts.customers as c on p.customer_id = c.customer_id
        where contains(lower(p.full_name), $1)
            or contains(lower(p.email), $1)
            or ($2 <> '' and ends_with(regexp_replace(p.phone, '[^0-9]', '', 'g'), $2))
        order by c.net_revenue desc, c.customer_id
        limit 50
        """,
        wanted,
        digits if len(digits) >= MIN_PHONE_DIGITS else "",
    )


def largest(shown: Published) -> pd.DataFrame:
    """The customers who spent most, for an empty search box. One row per customer."""
    return shown.ask(_FOUND + " order by c.net_revenue desc, c.customer_id limit 20")


def successor_of(shown: Published, customer_id: str) -> str | None:
    """The id that answers today for one that was merged away, if this generation knows it."""
    if shown.missing(["customer_id_events"]):
        return None
    found = shown.ask(
        """
        with recursive heirs as (
            select customer_id, 1 as step from customer_id_events where event = 'merged' and other_customer_id = $1
            union all
            select e.customer_id, h.step + 1
            from heirs as h inner join customer_id_events as e on e.event = 'merged' and e.other_customer_id = h.customer_id
            where h.step < 50
        )
        select h.customer_id from heirs as h inner join customers as c on h.customer_id = c.customer_id order by h.step limit 1
        """,
        customer_id,
    )["customer_id"]
    return None if found.empty else str(found.iloc[0])


def id_events(shown: Published, customer_id: str) -> pd.DataFrame:
    """What happened to this id and in its favour, newest first. One row per event."""
    return shown.ask(
        """
        select effective_at, event, customer_id, other_customer_id, record_count, reason
        from customer_id_events where customer_id = $1 or other_customer_id = $1
        order by effective_at desc, event
        limit 100
        """,
        customer_id,
    )


def bought(shown: Published, customer_id: str) -> pd.DataFrame:
    """What the customer bought most. One row per product_name and currency: orders, quantity, line_amount in that currency."""
    return shown.ask(
        """
        select
            product_name, currency, count(distinct (channel, order_id)) as order_count, cast(sum(quantity) as double) as quantity,
            cast(sum(line_amount) as double) as line_amount, max(order_date) as last_order_date
        from order_lines where customer_id = ?
        group by product_name, currency
        order by order_count desc, line_amount desc, product_name
        limit 50
        """,
        customer_id,
    )


def one(shown: Published, customer_id: str) -> pd.DataFrame:
    """marts.customers of one id: one row, or none."""
    return shown.ask("select * from customers where customer_id = ?", customer_id)


def one_contact(shown: Published, customer_id: str) -> pd.DataFrame:
    """Identifiers in clear of one id: one row, or none; --reveal only."""
    return shown.ask_contact(
        f"select * from {CONTACT}.contact.customers_contact where customer_id = ?", customer_id
    )


def of_customer(shown: Published, mart: str, customer_id: str) -> pd.DataFrame:
    """All columns of one mart's rows of a customer. `mart` is a name from the code, never from a user."""
    return shown.ask(f"select * from {mart} where customer_id = ?", customer_id)


def records(shown: Published, customer_id: str) -> pd.DataFrame:
    """The records behind the id. One row per record_key."""
    return shown.ask(
        """
        select channel, source_customer_id, record_kind, contact_role, confidence, record_key
        from customer_crosswalk
        where customer_id = ?
        order by record_kind, channel, source_customer_id
        """,
        customer_id,
    )


def timeline(shown: Published, customer_id: str) -> pd.DataFrame:
    """Orders, refunds and touches, newest first. One row per event: happened_at, event, lane, what, gross_revenue.

    Gross, because the net revenue of an order has its refunds taken off already and would count them twice.
    """
    return shown.ask(
        """
        select ordered_at as happened_at, 'order' as event, channel as lane,
            order_id || ' · ' || coalesce(order_status, '') as what, gross_revenue
        from orders where customer_id = $1
        union all
        select refunded_at, 'refund', channel, coalesce(order_id, refund_id), -refund_revenue
        from refunds where customer_id = $1 and not is_return_document
        union all
        select touched_at, 'touch', marketing_channel, touch_type || coalesce(' · ' || campaign, ''), null
        from touchpoints where customer_id = $1
        order by happened_at desc
        limit 1000
        """,
        customer_id,
    )
