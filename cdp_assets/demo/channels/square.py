"""Square: item sales detail and transactions of the tills.

Quirks kept: date and time apart with the zone as a display name, money as '$1,240.00' and '-$12.00',
refunds as rows with negative money, American dates in the files from before April, columns that grew in number over
the year, and a column of the transactions by its older name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import LAST_DAYS, MONTHS, QUARTERS, Inbox, month_start
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

OLD_STYLE_UNTIL = 3  # months whose files have American dates
WIDTHS = {1: 24, 2: 29, 3: 32, 4: 33, 5: 33, 6: 33}  # columns of the items export by month; all of them later


_IS_CASH = "(u('pays cash', order_no) < 0.2)"
_CARD_BRAND = f"""
    case when {_IS_CASH} then null else ['Visa', 'Visa', 'Visa', 'MasterCard', 'American Express', 'Discover'][
        1 + pick('card brand', person_no, 6)] end
"""
_CARD_END = f"if({_IS_CASH}, null, lpad(pick('card', person_no, 10000)::varchar, 4, '0'))"


def _dollars(amount: str) -> str:
    return f"if({amount} < 0, '-$', '$') || format('{{:,.2f}}', abs({amount})::double)"


def create_till_rows(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_rows`: one row per item sold or refunded; a refund in part returns the first half of lines. And `till_amounts_back`: what was
    given back after that without an item.

    items_come_later, is_cut: the list of items lacks the sale, or all its lines but the first; that of transactions has it.
    """
    rate = float(parameters.retailer["tax_rate"])
    later, cut = parameters.rate("money", "items_come_later"), parameters.rate("money", "items_cut")
    con.execute(
        from_file(
            __name__,
            "till_rows",
            rate=rate,
            later=later,
            cut=cut,
            last_days=LAST_DAYS,
            reset=parameters.rate("money", "till_clock_reset"),
        )
    )
    con.execute(
        f"""
        create or replace temp table till_amounts_back as
        select
            transaction_id, any_value(store) as store, any_value(order_no) as order_no, any_value(person_no) as person_no,
            any_value(square_id) as square_id, any_value(shown_name) as shown_name, any_value(member_id) as member_id,
            1::decimal(18, 2) as amount,
            least(max(refunded_at) + to_days(2), timestamp '2017-12-31 21:59:59') as happened_at
        from till_rows
        where refund_share > 0 and refund_share < 1 and u('amount back', candidate) < {parameters.rate("money", "till_amount_back")}
        group by transaction_id
        having sum(sign * (gross - discount)) > 2
        """
    )


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch to the channel's files."""
    create_till_rows(con, parameters)
    create_till_payments(con, parameters)
    write_items(inbox, parameters)
    write_transactions(inbox, parameters)


def create_till_payments(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_payments`: one row per payment or refund, with tips and the gift cards sold with it; and `till_items`: `till_rows` and those cards
    that are listed among the items.
    """
    con.execute(
        from_file(
            __name__,
            "till_payments",
            is_cash=_IS_CASH,
            tip=parameters.rate("money", "till_tip"),
            gift_card=parameters.rate("money", "till_gift_card"),
            card_sold=parameters.rate("money", "till_card_sold"),
        )
    )
    con.execute(from_file(__name__, "till_items"))


def write_items(inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's items to one file per month."""
    columns = parameters.columns("square_items")
    for year, month in MONTHS:
        old = month <= OLD_STYLE_UNTIL
        cells = inbox.cells(
            "square_items",
            {
                "Date": "strftime(happened_at, '%-m/%-d/%Y')" if old else "strftime(happened_at, '%Y-%m-%d')",
                "Time": "strftime(happened_at, '%-I:%M:%S %p')"
                if old
                else "strftime(happened_at, '%H:%M:%S')",
                "Time Zone": "'Eastern Time (US & Canada)'",
                "Category": "category",
                "Item": "product_name",
                "Qty": "(sign * quantity) || '.0'",
                "Price Point Name": "'Regular'",
                "SKU": "sku",
                "Gross Sales": _dollars("(sign * gross)"),
                "Discounts": _dollars("(-sign * discount)"),
                "Net Sales": _dollars("(sign * (gross - discount))"),
                "Tax": _dollars("(sign * tax)"),
                "Transaction ID": "transaction_id",
                "Payment ID": "upper(substr(md5(event_type || transaction_id), 1, 22))",
                "Device Name": "'Register ' || (1 + order_no % 3)",
                "Details": "'https://squareup.com/dashboard/sales/transactions/' || transaction_id",
                "Event Type": "event_type",
                "Location": "store",
                "Customer ID": "square_id",
                "Customer Name": "shown_name",
                "Customer Reference ID": "member_id",
                "Unit": "'ea'",
                "Count": "(sign * quantity)",
                "Itemization Type": "itemization_type",
                "Channel": "'Onefold Market'",
                "Card Brand": _CARD_BRAND,
                "PAN Suffix": _CARD_END,
            },
        )
        kept = WIDTHS.get(month, len(columns))
        query = f"""
            select {", ".join(f"c{index}" for index in range(kept))}
            from (
                select {cells} from till_items
                where month(filed_at) = {month} and (event_type = 'Refund' or not items_come_later and (rank = 1 or not is_cut))
            )
        """
        inbox.append(
            ("square", "items"),
            f"items-{month_start(year, month)}-{month_start(year, month + 1)}.csv",
            query,
            header=",".join(columns[:kept]),
        )


def write_transactions(inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's payments and refunds to one file per quarter; Card and Cash are amounts, fees negative."""
    cells = inbox.cells(
        "square_transactions",
        {
            "Date": "strftime(happened_at, '%Y-%m-%d')",
            "Time": "strftime(happened_at, '%H:%M:%S')",
            "Time Zone": "'Eastern Time (US & Canada)'",
            "Gross Sales": _dollars("goods"),
            "Discounts": _dollars("(-saved)"),
            "Service Charges": "'$0.00'",
            "Net Sales": _dollars("(goods - saved)"),
            "Gift Card Sales": _dollars("cards_sold"),
            "Tax": _dollars("taxes"),
            "Tip": _dollars("tip"),
            "Partial Refunds": "'$0.00'",
            "Total Collected": _dollars("total"),
            "Source": "'Register'",
            "Card": _dollars("if(is_cash or is_gift_card, 0, total)"),
            "Card Entry Methods": "if(is_cash or is_gift_card, 'N/A', 'Tapped')",
            "Cash": _dollars("if(is_cash, total, 0)"),
            "Square Gift Card": _dollars("if(is_gift_card, total, 0)"),
            "Other Tender": "'$0.00'",
            "Fees": _dollars("(-fee)"),
            "Net Total": _dollars("(total - fee)"),
            "Transaction ID": "transaction_id",
            "Payment ID": "upper(substr(md5(event_type || transaction_id), 1, 22))",
            "Card Brand": _CARD_BRAND,
            "PAN Suffix": _CARD_END,
            "Device Name": "'Register ' || (1 + order_no % 3)",
            "Details": "'https://squareup.com/dashboard/sales/transactions/' || transaction_id",
            "Description": "left(description, 250)",
            "Event Type": "if(event_type = 'Payment', event_type, 'Refund')",
            "Location": "store",
            "Customer ID": "square_id",
            "Customer Name": "shown_name",
            "Customer Reference ID": "member_id",
            "Transaction Status": "'Complete'",
        },
    )
    header = parameters.headers["square_transactions"]
    for year, month in QUARTERS:
        inbox.append(
            ("square", "transactions"),
            f"transactions-{month_start(year, month - 2)}-{month_start(year, month + 1)}.csv",
            f"select {cells} from till_payments where quarter(filed_at) * 3 = {month}",
            header=header.replace(",Tender Note,", ",Other Tender Note,")
            if month <= OLD_STYLE_UNTIL
            else header,
        )


def records() -> str:
    """SELECT of the customer records that the export holds: directory entries seen in a sale."""
    return """
        select
            'square' as channel, square_id as source_customer_id, null::varchar as natural_key, person_no,
            shown_name as name, null::varchar as phone_key, null::varchar as email_key,
            if(how = 'card', 'loyalty:' || member_id, null) as link_key, null::date as birth_key, null::varchar as address_key,
            if(how = 'name', member_id, null) as refused_value, traps
        from till_customers
        where square_id in (select square_id from till_checkouts)
    """


def orders() -> str:
    """SELECT of the orders for the truth."""
    return """
        select 'square' as channel, transaction_id as order_id, person_id, 'USD' as currency,
            sum(gross) filter (where sign = 1) as gross_amount,
            sum(discount) filter (where sign = 1) as discount_amount,
            coalesce(sum(gross - discount) filter (where sign = -1), 0) + coalesce(any_value(amount), 0) as refunded_amount,
            any_value(local_at)::date as order_date
        from till_rows join persons using (person_no) left join till_amounts_back using (transaction_id)
        group by transaction_id, person_id
    """


def touches() -> None:
    """None: no touches here."""
    return None
