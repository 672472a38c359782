-- the orders that traits are drawn from: with positive gross, of known customers who did not deny profiling, up to as_of_date
{{ config(materialized='table') }}
select
    orders.customer_id,
    orders.channel,
    orders.order_id,
    orders.ordered_at,
    orders.order_date,
    case when orders.fulfilment_type in ('store', 'pickup') then orders.store_id end as store_id,
    orders.fulfilment_type = 'store' as is_store_order,
    orders.coupon_code,
    orders.item_quantity,
    orders.gross_amount,
    orders.gross_revenue,
    orders.discount_revenue,
    orders.net_revenue,
    row_number() over (partition by orders.customer_id order by orders.ordered_at, orders.channel, orders.order_id) as order_number
from {{ ref('customer_orders') }} as orders
inner join {{ ref('customer_consents') }} as consents
    on orders.customer_id = consents.customer_id
where orders.is_conversion
    and {{ may_be_profiled('consents') }}
    and orders.order_date <= {{ as_of_date() }}
