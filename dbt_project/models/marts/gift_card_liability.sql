-- what gift cards sold and redeemed did to what the retailer owes for them, by month; cards sold before the data begins are not known, so that the
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
