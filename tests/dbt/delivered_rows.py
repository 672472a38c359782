"""Rows as the channels deliver them, each with what a test does not care about filled in."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def shopify_order(name: str, at: str, price: str = "10.00", **cells: Any) -> dict[str, Any]:
    """One line of the web shop's orders export."""
    return {
        "order_name": name,
        "order_id": name,
        "created_at": datetime.fromisoformat(at),
        "currency": "USD",
        "lineitem_quantity": 1,
        "lineitem_price": price,
        "lineitem_name": "tea",
        "lineitem_sku": "T1",
        "financial_status": "paid",
        **cells,
    }


def square_item(
    transaction: str, at: str, gross: str = "10.00", event: str = "Payment", **cells: Any
) -> dict[str, Any]:
    """One row of the tills' items export."""
    return {
        "transaction_id": transaction,
        "sold_at": datetime.fromisoformat(at),
        "event_type": event,
        "quantity": "1" if event == "Payment" else "-1",
        "gross_sales": gross,
        "net_sales": gross,
        "discounts": "0",
        "item": "tea",
        "sku": "T1",
        "category": "drinks",
        "location": "North",
        **cells,
    }


def visit(device: str, session: str, at: str, **cells: Any) -> dict[str, Any]:
    """One web event that begins a session."""
    moment = datetime.fromisoformat(at)
    return {
        "event_at": moment,
        "event_date": moment.date(),
        "event_name": "session_start",
        "user_pseudo_id": device,
        "ga_session_id": session,
        **cells,
    }
