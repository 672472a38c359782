"""Money that is easily taken for revenue, or lost: what the web shop's orders carry beside goods, and orders that are no sale.

Every draw has a purpose of its own, so that persons, baskets and journeys stay what they are without it. What each order is truly worth
stands in the truth's `money`. How cells are written belongs to the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import LAST_DAYS
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

# Orders that stand beside the real ones: tried and not paid, begun by staff, sold elsewhere. The first word is the file's status.
ODD_ORDERS = [
    ("pending", "USD", "Shopify Payments"),
    ("voided", "USD", "Shopify Payments"),
    ("expired", "USD", "Shopify Payments"),
    ("draft", "USD", "Manual"),
    ("deferred", "USD", "Manual"),
    ("paid", "USD", "(for testing) Bogus Gateway"),
    ("", "USD", ""),
    ("waiting_for_fitting", "USD", "Manual"),
    ("paid", "CHF", "Shopify Payments"),
    ("paid", "EUR", "Shopify Payments"),
]
_NO_SALE = "('pending', 'voided', 'expired', 'draft', 'deferred', '')"
VAT = 0.19  # in the prices of the orders in euro


def create_web_money(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `web_sold`: `web_orders` with the money that they carry, and the odd orders beside them.

    Added columns: base (the candidate whose lines it has), is_odd, is_cut (the file holds its first line alone), currency, tax, duties, tip,
    gift_card, donation (amounts of lines that are no goods), has_shipping_code, codes, status_word, payment_method, total (what is paid),
    refunded_money (tax and shipping included),
    true_net (what the goods are worth after refunds, in the order's currency; null where nobody can say yet), true_parked.
    """
    rate = float(parameters.retailer["tax_rate"])
    rates = parameters.traps["money"]
    con.execute(
        from_file(
            __name__,
            "web_sold",
            rate=rate,
            rates=rates,
            odd_choice=_odd_choice(),
            vat=VAT,
            with_vat=1 + VAT,
            no_sale=_NO_SALE,
            last_days=LAST_DAYS,
        )
    )


def _odd_choice() -> str:
    """SQL: one of the odd orders, as a struct of status, currency and payment_method."""
    kinds = ", ".join(
        f"{{'status': '{status}', 'currency': '{currency}', 'payment_method': '{method}'}}"
        for status, currency, method in ODD_ORDERS
    )
    return f"([{kinds}])[1 + pick('odd kind', candidate, {len(ODD_ORDERS)})]"


def create_web_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Create `web_rows`: one row per line of `web_sold`, goods first, with what is no goods; `top` marks an order's first row."""
    con.execute(from_file(__name__, "web_rows"))


# What each channel's orders are truly worth, as far as the batch's tables say it: channel, order_id, currency, true_net, true_parked.
_WORTH = {
    "shopify": "select 'shopify' as channel, order_id, currency, true_net, true_parked from web_sold",
    "youzan": """
        select 'youzan' as channel, order_id, 'CNY' as currency, (gross - discount - refunded)::decimal(18, 2) as true_net,
            null::varchar as true_parked
        from program_orders
    """,
    "taobao": """
        select 'taobao' as channel, order_id, 'CNY' as currency, if(items_come_later or is_cut or order_comes_later, null, gross - closed_gross)::decimal(18, 2) as true_net,
            case when items_come_later then 'no_lines' when is_cut then 'lines_differ' end as true_parked
        from parcels
    """,
    "amazon": """
        select 'amazon' as channel, order_id, 'USD' as currency, if(is_cancelled or is_sent_back, 0, gross - discount)::decimal(18, 2) as true_net,
            null::varchar as true_parked
        from marketplace_orders
    """,
    "square": """
        select 'square' as channel, transaction_id as order_id, 'USD' as currency,
            if(bool_or(items_come_later or is_cut or is_clock_reset), null, sum(sign * (gross - discount)) - coalesce(any_value(amount), 0))::decimal(18, 2) as true_net,
            case when bool_or(is_clock_reset) then 'stray_date' when bool_or(items_come_later) then 'no_lines' when bool_or(is_cut) then 'lines_differ' end as true_parked
        from till_rows left join till_amounts_back using (transaction_id) group by transaction_id
    """,
}


def worth_of_orders(channels: list[str]) -> str:
    """SELECT of the true worth of the batch's orders in these channels, refunds of goods taken off."""
    return " union all by name ".join(f"({sql})" for channel, sql in _WORTH.items() if channel in channels)
