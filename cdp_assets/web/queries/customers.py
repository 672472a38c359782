"""What the page of one customer asks. Grain is said at each function; what is in clear comes from the contact file."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web import people_rows
from cdp_assets.web.published import CONTACT, Published

EVENTS_DRAWN = 400


def largest(shown: Published) -> pd.DataFrame:
    """The customers who spent most, for an empty search. One row per customer."""
    return shown.ask(
        """
        select customer_id, masked_full_name, masked_phone, masked_email, channels, record_count, order_count, net_revenue, last_order_date
        from customers
        order by net_revenue desc, customer_id
        limit 20
        """
    )


def one(shown: Published, customer_id: str) -> pd.DataFrame:
    """marts.customers of one id: one row, or none."""
    return of_customer(shown, "customers", customer_id)


def one_in_clear(shown: Published, customer_id: str) -> pd.DataFrame:
    """Golden identifiers in clear of one id: one row, or none."""
    return shown.ask_contact(
        f"select * from {CONTACT}.contact.customers_contact where customer_id = ?", customer_id
    )


def records_in_clear(shown: Published, customer_id: str) -> pd.DataFrame:
    """Every record's own identifiers in clear. One row per record_key."""
    return shown.ask_contact(
        f"""
        select channel, full_name, delivered_phone, delivered_email, delivered_birth_date, street, city, postcode, country, loyalty_id
        from {CONTACT}.contact.records_contact where customer_id = ?
        order by channel, record_key
        """,
        customer_id,
    )


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
    return people_rows.ask(
        shown,
        """
        select effective_at, event, customer_id, other_customer_id, record_count, reason
        from {customer_id_events}
        order by effective_at desc, event
        """,
        [customer_id],
        "customer_id_events",
    )


def bought(shown: Published, customer_id: str) -> pd.DataFrame:
    """What the customer bought most. One row per product_name and currency: orders, quantity, line_amount in that currency."""
    return people_rows.ask(
        shown,
        """
        select
            product_name, currency, count(distinct (channel, order_id)) as order_count, cast(sum(quantity) as double) as quantity,
            cast(sum(line_amount) as double) as line_amount, max(order_date) as last_order_date
        from {order_lines}
        group by product_name, currency
        order by order_count desc, line_amount desc, product_name
        """,
        [customer_id],
        "order_lines",
    )


def of_customer(shown: Published, mart: str, customer_id: str) -> pd.DataFrame:
    """All columns of one mart's rows of a customer. `mart` is a name from the code, never from a user."""
    if mart not in people_rows.COLUMNS:
        return shown.ask(f"select * from {mart} where customer_id = ?", customer_id)
    return people_rows.ask(shown, f"select * from {{{mart}}}", [customer_id], mart)


def records(shown: Published, customer_id: str) -> pd.DataFrame:
    """The records behind the id with their own values, masked. One row per record_key."""
    return people_rows.ask(
        shown,
        """
        select r.channel, r.source_customer_id, r.record_kind, r.contact_role, r.masked_full_name, r.masked_phone, r.masked_email,
            r.birth_year, r.city, r.country, x.confidence, r.created_at, r.record_key
        from {records} as r inner join {customer_crosswalk} as x on r.record_key = x.record_key
        order by r.record_kind, r.channel, r.source_customer_id
        """,
        [customer_id],
        "records",
        "customer_crosswalk",
    )


def edges(shown: Published, customer_id: str) -> pd.DataFrame:
    """What connects the records of a customer with each other, and what was refused with others'. One row per edge."""
    found = people_rows.ask(
        shown,
        """
        select record_key_l, record_key_r, edge_kind, match_weight, is_refused, customer_id_l, customer_id_r
        from {identity_edges}
        """,
        [customer_id],
        "identity_edges",
    )
    concerned = {*found["customer_id_l"].dropna(), *found["customer_id_r"].dropna(), customer_id}
    names = _record_names(shown, sorted(concerned))
    left, right = (found[f"record_key_{side}"] for side in "lr")
    others = found["customer_id_l"].where(found["customer_id_l"] != customer_id, found["customer_id_r"])
    named = found.assign(
        record_l=left.map(names).fillna(left), record_r=right.map(names).fillna(right),
        other_customer_id=others.where(others != customer_id, None),
    ).drop(columns=["customer_id_l", "customer_id_r"])  # fmt: skip
    return named.sort_values(["is_refused", "record_l", "record_r", "edge_kind"], ignore_index=True)


def _record_names(shown: Published, customer_ids: list[str]) -> dict[str, str]:
    """Channel and own id of every record of some customers, by record_key."""
    found = people_rows.ask(
        shown,
        "select record_key, channel || ' · ' || source_customer_id as record_name from {records}",
        customer_ids,
        "records",
    )
    return dict(zip(found["record_key"], found["record_name"], strict=True))


def rulings(shown: Published, customer_id: str) -> pd.DataFrame:
    """Rulings on records of a customer, and what became of each. One row per ruling."""
    return shown.ask(
        """
        select ruled_on, kind, status, ruled_by, record_key_l, record_key_r, customer_id_l, customer_id_r, ruling_id
        from ops_rulings where customer_id_l = $1 or customer_id_r = $1
        order by ruled_on desc, ruling_id
        """,
        customer_id,
    )


def timeline(shown: Published, customer_id: str) -> pd.DataFrame:
    """Orders, refunds and touches, newest first. One row per event: happened_at, event, lane, what (an id, or a
    campaign), code (status of an order, type of a touch), gross_revenue.

    Gross, because the net revenue of an order has its refunds taken off already and would count them twice.
    """
    return people_rows.ask(
        shown,
        """
        select ordered_at as happened_at, 'order' as event, channel as lane, order_id as what, order_status as code, gross_revenue
        from {orders}
        union all
        select refunded_at, 'refund', channel, coalesce(order_id, refund_id), null, -refund_revenue
        from {refunds} where not is_return_document
        union all
        select touched_at, 'touch', marketing_channel, campaign, touch_type, null
        from {touchpoints}
        order by happened_at desc
        """,
        [customer_id],
        "orders",
        "refunds",
        "touchpoints",
    )
