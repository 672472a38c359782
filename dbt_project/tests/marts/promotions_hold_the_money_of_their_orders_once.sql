-- law: the money of all codes is that of the orders with a code, once; a campaign has the orders that it is credited with; nobody is new
-- more often than there are orders
{{ config(tags=['law']) }}
with

coded as (
    select distinct channel, order_id
    from {{ ref('order_coupons') }}
),

expected as (
    select
        'code' as dimension,
        cast(sum(orders.gross_revenue) as double) as gross_revenue,
        cast(sum(orders.net_revenue) as double) as net_revenue,
        cast(null as double) as orders
    from {{ ref('orders') }} as orders
    inner join coded
        on orders.channel = coded.channel
        and orders.order_id = coded.order_id
    where orders.is_conversion and orders.order_date <= {{ as_of_date() }}
    union all
    select
        'campaign' as dimension,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue,
        sum(credit) as orders
    from {{ ref('attribution_credits') }}
    where attribution_model = 'last_non_direct' and campaign is not null
),

found as (
    select
        dimension,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue,
        sum(orders) as orders,
        bool_or(new_customers > orders + 0.000001 or costed_share not between 0 and 1.000001) as is_impossible
    from {{ ref('promotion_effect') }}
    group by dimension
)

select expected.dimension, expected.gross_revenue, found.gross_revenue as found_gross_revenue
from expected
left join found
    on expected.dimension = found.dimension
where abs(coalesce(expected.gross_revenue, 0) - coalesce(found.gross_revenue, 0)) > 0.01
    or abs(coalesce(expected.net_revenue, 0) - coalesce(found.net_revenue, 0)) > 0.01
    or abs(coalesce(expected.orders, found.orders, 0) - coalesce(found.orders, 0)) > 0.000001
    or coalesce(found.is_impossible, false)
