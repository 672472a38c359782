-- what gift cards sold, given back and redeemed did to what the retailer owes for them, by month; cards sold before the data begins are not known, so that the
-- running sum is what these rows add to it
with

sold as (
    select
        orders.channel,
        orders.currency,
        cast(date_trunc('month', orders.order_date) as date) as month_start,
        lines.line_amount - coalesce(lines.discount_amount, 0) as sold_amount,
        0 as redeemed_amount,
        0 as mixed_amount
    from {{ ref('customer_order_lines') }} as lines
    inner join {{ ref('customer_orders') }} as orders
        on lines.channel = orders.channel
        and lines.order_id = orders.order_id
    where lines.line_kind = 'gift_card' and orders.is_sale and orders.order_date <= {{ as_of_date() }}
),

cards as (
    select channel, order_id, sum(line_amount - coalesce(discount_amount, 0)) as card_amount
    from {{ ref('customer_order_lines') }}
    where line_kind = 'gift_card'
    group by channel, order_id
),

-- what was given back and was neither for goods nor tax is the cards' in proportion, cumulated so that cents do not drift
given_back as (
    select
        refunds.channel,
        orders.currency,
        refunds.order_id,
        refunds.refund_id,
        refunds.refunded_at,
        refunds.refund_date,
        least(
            cards.card_amount,
            {{ divided_money(
                "cards.card_amount * sum(refunds.amount_in_order_currency - coalesce(refunds.otherwise, 0)) over so_far",
                "orders.shipping_amount + orders.other_amount") }}
        ) as card_amount_so_far
    from (
        select
            *,
            (goods_amount + coalesce(tax_amount, 0)) * amount_in_order_currency / nullif(amount, 0) as otherwise
        from {{ ref('customer_refunds') }}
        where is_linked and refund_date <= {{ as_of_date() }}
    ) as refunds
    inner join cards
        on refunds.channel = cards.channel
        and refunds.order_id = cards.order_id
    inner join {{ ref('customer_orders') }} as orders
        on refunds.channel = orders.channel
        and refunds.order_id = orders.order_id
    where orders.is_sale
    window so_far as (
        partition by refunds.channel, refunds.order_id order by refunds.refunded_at, refunds.refund_id
        rows between unbounded preceding and current row
    )
),

returned as (
    select
        channel,
        currency,
        cast(date_trunc('month', refund_date) as date) as month_start,
        coalesce(lag(card_amount_so_far) over in_order, 0) - card_amount_so_far as sold_amount,
        0 as redeemed_amount,
        0 as mixed_amount
    from given_back
    window in_order as (partition by channel, order_id order by refunded_at, refund_id)
),

redeemed as (
    select
        channel,
        currency,
        cast(date_trunc('month', {{ business_date('paid_at') }}) as date) as month_start,
        0 as sold_amount,
        case when tender = 'gift_card' then payment_amount else 0 end as redeemed_amount,
        case when tender = 'mixed' then payment_amount else 0 end as mixed_amount
    from {{ ref('order_payments') }}
    where tender in ('gift_card', 'mixed') and {{ business_date('paid_at') }} <= {{ as_of_date() }}
),

movements as (
    select channel, currency, month_start, sold_amount, redeemed_amount, mixed_amount from sold
    union all
    select channel, currency, month_start, coalesce(sold_amount, 0) as sold_amount, redeemed_amount, mixed_amount from returned
    union all
    select channel, currency, month_start, sold_amount, redeemed_amount, mixed_amount from redeemed
),

by_month as (
    select
        channel,
        currency,
        month_start,
        sum(sold_amount) as sold_amount,
        sum(redeemed_amount) as redeemed_amount,
        sum(mixed_amount) as mixed_amount
    from movements
    group by channel, currency, month_start
)

select
    channel,
    currency,
    month_start,
    cast(sold_amount as decimal(18, 2)) as sold_amount,
    cast(redeemed_amount as decimal(18, 2)) as redeemed_amount,
    cast(mixed_amount as decimal(18, 2)) as mixed_amount,
    cast(sum(sold_amount - redeemed_amount) over (
        partition by channel, currency order by month_start rows between unbounded preceding and current row
    ) as decimal(18, 2)) as liability_amount
from by_month
