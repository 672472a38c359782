"""Shopify: the orders and customers exports of the web shop.

Quirks kept: order-level cells blank from an order's second row on, offsets that change with daylight
saving, apostrophes before ids, zips and phones, embedded newlines in notes and addresses, CRLF in the newer
files, order names bare, with '#' and with a prefix, a byte order mark, a metafield at the end, an order again in a
later file when its refund is reported late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.consents import Word, keep_changes
from cdp_assets.demo.inbox import MONTHS, QUARTERS, Inbox, month_end
from cdp_assets.demo.money import create_web_money, create_web_rows
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


CRLF_FROM = 10  # the month from which the orders export ends its lines with CRLF
_METAFIELD = "Favorite store (customer.metafields.custom.favorite_store)"


def _stamp(at_utc: str) -> str:
    return f"strftime(eastern({at_utc}), '%Y-%m-%d %H:%M:%S -0') || eastern_hours({at_utc}) || '00'"


def create_web_orders(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `web_orders`: the web shop's orders with checkout and money; refunded is of goods alone."""
    retailer = parameters.retailer
    late = parameters.rate("orders", "refund_reported_late")
    con.execute(
        f"""
        create or replace temp table web_orders as
        select
            web_checkouts.*,
            orders.* exclude (candidate, order_no, person_no, channel),
            round(orders.net * orders.refund_share, 2)::decimal(18, 2) as refunded,
            if(orders.net >= {retailer["free_shipping_from"]}, 0, {retailer["shipping_price"]})::decimal(18,
                2) as shipping,
            month(orders.local_at) as sold_month,
            if(orders.refund_share > 0 and u('late', candidate) < {late}, month(orders.refunded_at),
                sold_month) as refund_month,
            ship.shown_name as gift_name,
            ship.phone as gift_phone,
            ship.street as gift_street, ship.city as gift_city, ship.region as gift_region,
            ship.region_name as gift_region_name, ship.postcode as gift_postcode, ship.country as gift_country,
        from web_checkouts
        join orders using (candidate)
        left join web_recipients as ship using (candidate)
        order by web_checkouts.order_no
        """
    )


def _order_cells(month: int, ships_after: list[int]) -> dict[str, str]:
    """SQL of the orders export's cells as of the end of `month`; `top` marks an order's first row."""

    def top(sql: str) -> str:
        return f"if(top, {sql}, null)"

    def ship(column: str) -> str:
        return top(f"if(recipient_no is null, {column}, gift_{column})")

    street = "if(u('breaks the line', candidate) < 0.1, replace(street, ' Apt ', chr(10) || 'Apt '), street)"
    refunded = f"(refund_share > 0 and refund_month <= {month})"
    least, most = ships_after
    return {
        "Name": "order_name",
        "Email": "email",
        "Financial Status": top(
            f"case when {refunded} and refund_share = 1 then 'refunded' "
            f"when {refunded} then 'partially_refunded' else coalesce(status_word, 'paid') end"
        ),
        "Paid at": top(f"if(is_odd and status_word <> 'paid', null, {_stamp('at_utc')})"),
        "Fulfillment Status": top("'fulfilled'"),
        "Fulfilled at": top(
            _stamp(
                f"(at_utc + to_seconds({least * 3600} + pick('ships after', candidate, {(most - least) * 3600})))"
            )
        ),
        "Accepts Marketing": top("if(u('accepts', person_no) < 0.4, 'yes', 'no')"),
        "Currency": top("currency"),
        "Subtotal": top("net + gift_card + donation"),
        "Shipping": top("shipping"),
        "Taxes": top("tax"),
        "Total": top("total"),
        "Discount Code": top("codes"),
        "Discount Amount": top("discount + if(has_shipping_code, shipping, 0)"),
        "Shipping Method": top("if(shipping > 0, 'Standard', 'Free Shipping')"),
        "Created at": _stamp("at_utc"),
        "Lineitem quantity": "quantity",
        "Lineitem name": "product_name",
        "Lineitem price": "unit_price",
        "Lineitem sku": "sku",
        "Lineitem requires shipping": "if(is_goods, 'true', 'false')",
        "Lineitem taxable": "if(is_taxable, 'true', 'false')",
        "Lineitem fulfillment status": "'fulfilled'",
        "Billing Name": top("buyer_name"),
        "Billing Street": top(street),
        "Billing Address1": top(street),
        "Billing City": top("city"),
        "Billing Zip": top("'''' || postcode"),
        "Billing Province": top("region"),
        "Billing Country": top("country"),
        "Billing Phone": top("phone"),
        "Shipping Name": top("if(recipient_no is null, buyer_name, gift_name)"),
        "Shipping Street": ship("street"),
        "Shipping Address1": ship("street"),
        "Shipping City": ship("city"),
        "Shipping Zip": top("'''' || if(recipient_no is null, postcode, gift_postcode)"),
        "Shipping Province": ship("region"),
        "Shipping Country": ship("country"),
        "Shipping Phone": ship("phone"),
        "Notes": top(
            "case when u('note', candidate) < 0.02 "
            "then 'Please ring twice.' || chr(10) || 'Leave it at the side door' end"
        ),
        "Payment Method": top("payment_method"),
        "Payment Reference": top("'c' || order_id || '.1'"),
        "Refunded Amount": top(f"if({refunded}, refunded_money, 0.00)::decimal(18, 2)"),
        "Vendor": "brand",
        "Outstanding Balance": top(
            "case when is_odd and status_word <> 'paid' then total "
            "when status_word = 'partially_paid' then round(total / 2, 2) else 0.00 end::decimal(18, 2)"
        ),
        "Id": top("order_id"),
        "Risk Level": top("'Low'"),
        "Source": top("'web'"),
        "Lineitem discount": "line_discount",
        "Duties": top("if(duties > 0, duties, null)"),
        "Tax 1 Name": top("if(tax > 0, if(currency = 'EUR', 'VAT 19%', 'State Tax 8.25%'), null)"),
        "Tax 1 Value": top("if(tax > 0, tax, null)"),
        "Phone": "phone",
        "Billing Province Name": top("region_name"),
        "Shipping Province Name": ship("region_name"),
        "Payment ID": top("'r' || order_id || '.1'"),
    }


def write_orders(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's web orders to one file per month."""
    create_web_money(con, parameters)
    create_web_rows(con)
    for year, month in MONTHS:
        cells = inbox.cells(
            "shopify_orders",
            _order_cells(month, parameters.retailer["ships_after_hours"]),
        )
        inbox.append(
            ("shopify", "orders"),
            f"orders_export_{month_end(year, month)}.csv",
            f"select {cells} from web_rows where sold_month = {month} or refund_month = {month}",
            newline="\r\n" if month >= CRLF_FROM else "\n",
        )


def _account(parameters: Parameters) -> Word:
    """What the account says of e-mails."""
    rate = parameters.traps["consents"]["shop_says_otherwise"]
    return Word(
        "u('accepts', person_no) < 0.4", "shop says", rate, "web_accounts", "created_at", "email", "email"
    )


def write_customers(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's accounts to one snapshot per quarter, with what each had spent by then."""
    header = parameters.headers["shopify_customers"]
    account = _account(parameters)
    for year, month in QUARTERS:
        day = month_end(year, month)
        cells = inbox.cells(
            "shopify_customers",
            {
                "Customer ID": "'''' || customer_id",
                "First Name": "shown_given",
                "Last Name": "shown_family",
                "Email": "email",
                "Accepts Email Marketing": f"if({account.at(month)}, 'yes', 'no')",
                "Default Address Address1": "street",
                "Default Address City": "city",
                "Default Address Province Code": "region",
                "Default Address Country Code": "country",
                "Default Address Zip": "'''' || postcode",
                "Default Address Phone": "'''' || phone",
                "Phone": "'''' || phone",
                "Accepts SMS Marketing": "if(phone is not null and u('accepts sms', person_no) < 0.2, 'yes', 'no')",
                "Total Spent": "coalesce(spent, 0)::decimal(18, 2)",
                "Total Orders": "coalesce(orders, 0)",
                "Note": "case when u('account note', customer_id) < 0.01 "
                "then 'Called about delivery;' || chr(10) || 'asks for \"evening\" slots' end",
                "Tax Exempt": "'no'",
                "Tags": "if(orders > 20, 'regular', null)",
            },
        )
        with_metafield = month == 12
        if with_metafield:
            cells += ", if(u('favorite', person_no) < 0.2, city, null) as metafield"
        inbox.append(
            ("shopify", "customers"),
            f"customers_export_{day}.csv",
            f"""
            with spent as (
                select customer_id, sum(net) as spent, count(*) as orders
                from web_orders
                where customer_id is not null and local_at < date '{day}' + 1
                group by customer_id
            )
            select {cells}
            from web_accounts
            left join spent using (customer_id)
            where created_at < date '{day}' + 1
            order by created_at, customer_id
            """,
            header=f"{header},{_METAFIELD}" if with_metafield else header,
            preamble="\ufeff" if month >= 9 else "",
        )


def records() -> str:
    """SELECT of the customer records that the exports hold: accounts, one guest per order, one recipient per gift."""
    return from_file(__name__, "shopify_records")


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch to the channel's files."""
    create_web_orders(con, parameters)
    write_orders(con, inbox, parameters)
    write_customers(con, inbox, parameters)
    keep_changes(con, _account(parameters))


def orders() -> str:
    """SELECT of the orders for the truth."""
    return """
        select 'shopify' as channel, order_id, person_id, 'USD' as currency, gross as gross_amount,
            discount as discount_amount, refunded as refunded_amount, local_at::date as order_date
        from web_orders join persons using (person_no)
    """


def touches() -> None:
    """None: no touches here."""
    return None
