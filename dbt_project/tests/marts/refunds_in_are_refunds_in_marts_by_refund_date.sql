-- law: per channel and refund date, what staging says was refunded is what marts say, and linked refunds restate their orders
{{ config(tags=['law']) }}
with

staged as (
    select channel, refund_date, currency, count(*) as refund_count, sum(amount) as amount
    from (
        {{ union_shape('refunds') }}
    ) as refunds
    group by channel, refund_date, currency
),

in_marts as (
    select channel, refund_date, currency, count(*) as refund_count, sum(amount) as amount
    from {{ ref('refunds') }}
    where not is_return_document
    group by channel, refund_date, currency
),

restated as (
    select channel, restated_date, currency, sum(amount) as amount
    from {{ ref('refunds') }}
    where is_linked
    group by channel, restated_date, currency
),

on_orders as (
    select channel, order_date, currency, sum(refunded_amount) as amount
    from {{ ref('orders') }}
    where refunded_amount <> 0
    group by channel, order_date, currency
)

select 'by refund date' as side, coalesce(staged.channel, in_marts.channel) as channel,
    coalesce(staged.refund_date, in_marts.refund_date) as business_date, staged.amount as expected_amount, in_marts.amount
from staged
full outer join in_marts
    on staged.channel = in_marts.channel
    and staged.refund_date = in_marts.refund_date
    and staged.currency is not distinct from in_marts.currency
where staged.amount is distinct from in_marts.amount or staged.refund_count is distinct from in_marts.refund_count
union all
select 'by order date' as side, coalesce(restated.channel, on_orders.channel) as channel,
    coalesce(restated.restated_date, on_orders.order_date) as business_date, restated.amount as expected_amount, on_orders.amount
from restated
full outer join on_orders
    on restated.channel = on_orders.channel
    and restated.restated_date = on_orders.order_date
    and restated.currency = on_orders.currency
where coalesce(restated.amount, 0) <> coalesce(on_orders.amount, 0)
