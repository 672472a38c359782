-- law: every order that staging yields stands in marts once, and no other does
{{ config(tags=['law']) }}
with

expected as (
    select channel, order_id
    from (
        {{ union_shape('orders') }}
    ) as staged
),

counted as (
    select coalesce(expected.channel, orders.channel) as channel, coalesce(expected.order_id, orders.order_id) as order_id,
        count(expected.order_id) as staged_count,
        count(orders.order_id) as mart_count
    from expected
    full outer join {{ ref('orders') }} as orders
        on expected.channel = orders.channel
        and expected.order_id = orders.order_id
    group by 1, 2
)

select channel, order_id, staged_count, mart_count
from counted
where staged_count <> 1 or mart_count <> 1
