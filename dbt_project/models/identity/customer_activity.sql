-- how much business each customer record has: what a ruling on it would change
with

orders as (
    {{ union_shape('orders') }}
),

rates as (
    select currency, valid_from, valid_until, rate
    from {{ ref('reporting_rates') }}
),

restated as (
    select
        orders.channel,
        orders.source_customer_id,
        orders.ordered_at,
        orders.gross_amount * rates.rate as gross_revenue
    from orders
    left join rates
        on orders.currency = rates.currency
        and orders.order_date >= rates.valid_from
        and orders.order_date < rates.valid_until
    where orders.source_customer_id is not null
)

select
    channel,
    source_customer_id,
    count(*) as order_count,
    cast(sum(gross_revenue) as decimal(18, 2)) as revenue,
    min(ordered_at) as first_order_at,
    max(ordered_at) as last_order_at
from restated
group by channel, source_customer_id
