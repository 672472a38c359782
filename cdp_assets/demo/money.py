"""Money that is easily taken for revenue, or lost: what the web shop's orders carry beside goods, and orders that are no sale.

Every draw has a purpose of its own, so that persons, baskets and journeys stay what they are without it. What each order is truly worth
stands in the truth's `money`. How cells are written belongs to the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    Added columns: base (the candidate whose lines it has), is_odd, currency, tax, tip, gift_card, donation (amounts of lines that are no
    goods), has_shipping_code, codes, status_word, payment_method, total (what is paid), refunded_money (tax and shipping included),
    true_net (what the goods are worth after refunds, in the order's currency; null where nobody can say yet), true_parked.
    """
    rate = float(parameters.retailer["tax_rate"])
    rates = parameters.traps["money"]
    con.execute(
        f"""
        create or replace temp table web_sold as
        with taxed as (
            select candidate, round(sum(gross - discount) filter (where is_taxable) * {rate}, 2)::decimal(18, 2) as tax
            from lines where channel = 'shopify' group by candidate
        ),
        drawn as (
            select
                web_orders.*,
                web_orders.candidate as base,
                false as is_odd,
                'USD' as currency,
                coalesce(tax, 0)::decimal(18, 2) as tax,
                refund_share = 0 and u('tips', candidate) < {rates["tip"]} as tips,
                refund_share = 0 and u('buys a card', candidate) < {rates["gift_card_sold"]} as buys_card,
                refund_share = 0 and u('rounds up', candidate) < {rates["donation"]} as rounds_up,
                shipping > 0 and u('ships free', candidate) < {rates["shipping_code"]} as has_shipping_code,
                u('pays with a card', candidate) as luck_tender,
                u('state of payment', candidate) as luck_state,
            from web_orders
            left join taxed using (candidate)
        ),
        carried as (
            select
                drawn.*,
                if(tips, 1 + pick('tip', candidate, 5), 0)::decimal(18, 2) as tip,
                if(buys_card, [25, 50][1 + pick('card', candidate, 2)], 0)::decimal(18, 2) as gift_card,
                if(rounds_up, 0.5, 0)::decimal(18, 2) as donation,
                nullif(array_to_string(list_filter([
                    if(discount > 0, if(u('types small', candidate) < 0.1, 'cardprice', 'CARDPRICE'), null),
                    if(discount > 0 and u('second code', candidate) < {rates["second_code"]}, 'VIP5', null),
                    if(has_shipping_code, 'FREESHIP', null)
                ], lambda code: code is not null), ', '), '') as codes,
                case
                    when refund_share > 0 then null
                    when luck_state < {rates["authorized"]} then 'authorized'
                    when luck_state < 2 * {rates["authorized"]} then 'partially_paid'
                end as status_word,
                case
                    when luck_tender < {rates["gift_card_redeemed"]} then 'Gift Card'
                    when luck_tender < 2 * {rates["gift_card_redeemed"]} then 'Gift Card + Shopify Payments'
                    when u('pays by', candidate) < 0.8 then 'Shopify Payments'
                    else 'PayPal Express Checkout'
                end as payment_method,
                (net + if(has_shipping_code, 0, shipping) + tax + tip + gift_card + donation)::decimal(18, 2) as total,
                round(total * refund_share, 2)::decimal(18, 2) as refunded_money,
                (net - refunded)::decimal(18, 2) as true_net,
                null::varchar as true_parked,
            from drawn
        ),
        odd as (
            select web_orders.*, {_odd_choice()} as kind
            from web_orders
            where u('odd order', candidate) < {rates["odd_order"]}
        ),
        priced as (
            select odd.*, lines.gross as only_line
            from odd join lines on lines.candidate = odd.candidate and line_number = 1
        ),
        beside as (
            select
                * exclude (kind, only_line) replace (
                    'odd ' || candidate as candidate,
                    (order_id::bigint + 500)::varchar as order_id,
                    -- one register numbers its orders anew: names repeat, ids do not
                    'P-' || (1001 + order_no % 9) as order_name,
                    at_utc + to_minutes(7) as at_utc,
                    0 as refund_share, 0::decimal(18, 2) as refunded, 0::decimal(18, 2) as shipping, 0::decimal(18, 2) as discount,
                    only_line as gross, only_line as net, sold_month as refund_month, null::bigint as recipient_no,
                    null as buyer_name, null as email, null as phone, null as street, null as city, null as region,
                    null as region_name, null as country, null as postcode
                ),
                candidate as base,
                true as is_odd,
                kind.currency as currency,
                if(kind.currency = 'EUR', round(only_line * {VAT} / {1 + VAT}, 2), 0)::decimal(18, 2) as tax,
                0::decimal(18, 2) as tip, 0::decimal(18, 2) as gift_card, 0::decimal(18, 2) as donation,
                false as has_shipping_code, null::varchar as codes,
                kind.status as status_word,
                kind.payment_method as payment_method,
                only_line as total,
                0::decimal(18, 2) as refunded_money,
                case
                    when kind.status in {_NO_SALE} or kind.payment_method like '%Bogus%' then 0
                    when kind.status = 'waiting_for_fitting' or kind.currency = 'CHF' then null
                    else only_line - tax
                end::decimal(18, 2) as true_net,
                case
                    when kind.status = 'waiting_for_fitting' then 'unknown_status'
                    when kind.currency = 'CHF' then 'no_rate'
                end as true_parked,
            from priced
        )
        select * exclude (tips, buys_card, rounds_up, luck_tender, luck_state) from carried
        union all by name
        select * from beside
        """
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
    con.execute(
        """
        create or replace temp table web_rows as
        with of_goods as (
            select
                web_sold.*,
                quantity, product_name, unit_price, sku, is_taxable, brand,
                if(is_odd, 0, lines.discount)::decimal(18, 2) as line_discount,
                line_number, true as is_goods,
            from web_sold
            join lines on lines.candidate = web_sold.base
            where not is_odd or line_number = 1
        ),
        beside as (
            select
                web_sold.*,
                1 as quantity, each.name as product_name, each.amount as unit_price, each.sku as sku, false as is_taxable,
                null::varchar as brand, 0::decimal(18, 2) as line_discount, 1000 + each.rank as line_number, false as is_goods,
            from web_sold,
                unnest([
                    {'rank': 1, 'name': 'Tip', 'sku': 'TIP', 'amount': tip},
                    {'rank': 2, 'name': 'Gift card', 'sku': 'GIFTCARD-' || gift_card::int, 'amount': gift_card},
                    {'rank': 3, 'name': 'Round up for the food bank', 'sku': 'DONATION', 'amount': donation}
                ]) as stood(each)
            where each.amount > 0
        )
        select *, row_number() over (partition by candidate order by line_number) = 1 as top
        from (select * from of_goods union all by name select * from beside)
        order by order_no, is_odd, line_number
        """
    )


# What each channel's orders are truly worth, as far as the batch's tables say it: channel, order_id, currency, true_net, true_parked.
_WORTH = {
    "shopify": "select 'shopify' as channel, order_id, currency, true_net, true_parked from web_sold",
    "youzan": """
        select 'youzan' as channel, order_id, 'CNY' as currency, (gross - discount - refunded)::decimal(18, 2) as true_net,
            null::varchar as true_parked
        from program_orders
    """,
    "taobao": """
        select 'taobao' as channel, order_id, 'CNY' as currency, if(items_come_later, null, gross)::decimal(18, 2) as true_net,
            if(items_come_later, 'no_lines', null) as true_parked
        from parcels
    """,
    "square": """
        select 'square' as channel, transaction_id as order_id, 'USD' as currency, sum(sign * (gross - discount))::decimal(18, 2) as true_net,
            null::varchar as true_parked
        from till_rows group by transaction_id
    """,
}


def worth_of_orders(channels: list[str]) -> str:
    """SELECT of the true worth of the batch's orders in these channels, refunds of goods taken off."""
    return " union all by name ".join(f"({sql})" for channel, sql in _WORTH.items() if channel in channels)
