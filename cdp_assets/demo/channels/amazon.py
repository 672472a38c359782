"""Amazon: all orders by last update, the marketplace's tab-separated report.

Quirks kept: no quotes around anything (bare inches in titles), times in UTC with '+00:00', one row per
item, no buyer at all, money blank for cancelled orders, an order again as shipped after the report that
called it pending, an order that was sent and came back, an item that was cancelled with its price still on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import MONTHS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

_CLOCK = "'%Y-%m-%dT%H:%M:%S+00:00'"
_CANCELLED = 0.04  # cancelled orders per order


def create_marketplace_rows(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `marketplace_orders` (order_id, person_no, is_cancelled, is_sent_back, …) and `marketplace_rows`, one per item.

    Money in USD. A cancelled order is a further one: its basket was ordered again at once and bought then.
    """
    con.execute(
        f"""
        create or replace temp table marketplace_orders as
        with tried as (
            select *, unnest(if(u('cancels', candidate) < {_CANCELLED}, [false, true], [false])) as is_cancelled
            from orders where channel = 'amazon'
        )
        select
            candidate, person_no, at_utc, gross, discount, is_cancelled,
            not is_cancelled and u('sent back', candidate) < {parameters.rate("money", "sent_back")} as is_sent_back,
            if(is_cancelled, '112-', '113-') || lpad((order_no * 7919 % 10000000)::varchar, 7, '0')
                || '-' || lpad((order_no % 10000000)::varchar, 7, '0') as order_id,
            at_utc + to_hours(30) as shipped_at,
            month(at_utc - to_hours(5)) as ordered_month,
            least(month(shipped_at - to_hours(5)) + if(year(shipped_at - to_hours(5)) > 2017, 12, 0), 12)
                as shipped_month,
        from tried
        """
    )
    con.execute(
        f"""
        create or replace temp table marketplace_rows as
        with wanted as (
            select
                marketplace_orders.* exclude (gross, discount),
                line_number, sku, quantity, lines.gross, lines.discount, is_taxable,
                product_name || if(pick('inches', sku, 60) = 0, ' (12" pack)', '') as product_name,
            from marketplace_orders
            join lines using (candidate)
        )
        select *, is_cancelled as is_item_cancelled from wanted
        union all by name
        -- the same product in another size, which could not be sent
        select * replace (line_number + 100 as line_number, product_name || ' (large)' as product_name), true as is_item_cancelled
        from wanted
        where line_number = 1 and not is_cancelled and u('item cancelled', candidate) < {parameters.rate("money", "item_cancelled")}
        order by at_utc, order_id, line_number
        """
    )


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's items to one report per month."""
    create_marketplace_rows(con, parameters)
    rate = float(parameters.retailer["tax_rate"])

    def money(sql: str) -> str:
        return f"if(is_cancelled, null, ({sql})::decimal(18, 2))"

    for year, month in MONTHS:
        is_shipped = f"(shipped_month <= {month})"
        status = (
            f"case when is_cancelled then 'Cancelled' when not {is_shipped} then 'Pending' "
            "when is_sent_back then 'Shipped - Returned to Seller' else 'Shipped' end"
        )
        cells = inbox.cells(
            "amazon_orders",
            {
                "amazon-order-id": "order_id",
                "merchant-order-id": "order_id",
                "purchase-date": f"strftime(at_utc, {_CLOCK})",
                "last-updated-date": f"strftime(if({is_shipped}, shipped_at, at_utc + to_seconds(900)), {_CLOCK})",
                "order-status": status,
                "fulfillment-channel": "'Amazon'",
                "sales-channel": "'Amazon.com'",
                "ship-service-level": "'Expedited'",
                "product-name": "product_name",
                "sku": "sku",
                "asin": "'B0' || upper(substr(md5(sku), 1, 8))",
                "item-status": f"if(is_item_cancelled, 'Cancelled', {status})",
                "quantity": "if(is_item_cancelled, 0, quantity)",
                "currency": "if(is_cancelled, null, 'USD')",
                "item-price": money("gross"),
                "item-tax": money(f"if(is_taxable, round((gross - discount) * {rate}, 2), 0)"),
                "shipping-price": money("0"),
                "shipping-tax": money("0"),
                "item-promotion-discount": money("discount"),
                "ship-promotion-discount": money("0"),
                "ship-city": "city",
                "ship-state": "region",
                "ship-postal-code": "postcode",
                "ship-country": "country",
                "is-business-order": "'false'",
            },
        )
        inbox.append(
            ("amazon", "orders"),
            f"all_orders_by_last_update_{month_end(year, month)}.txt",
            f"""
            select {cells} from marketplace_rows join persons using (person_no)
            where ordered_month = {month} or shipped_month = {month}
            order by at_utc, order_id, line_number
            """,
            delimiter="\t",
            quoted=False,
        )


def orders() -> str:
    """SELECT of the orders for the truth; a cancelled order has no money and is not listed."""
    return """
        select 'amazon' as channel, order_id, person_id, 'USD' as currency, gross as gross_amount, discount
            as discount_amount,
            if(is_sent_back, gross - discount, 0)::decimal(18, 2) as refunded_amount, at_utc::date as order_date
        from marketplace_orders join persons using (person_no)
        where not is_cancelled
    """


def records() -> str | None:
    """None: the report names no customer."""
    return None


def touches() -> None:
    """None: no touches here."""
    return None
