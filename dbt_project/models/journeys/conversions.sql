-- every order with positive gross up to as_of_date, as a conversion; anonymous ones stay, and will be unattributed
select
    orders.channel || ':' || orders.order_id as conversion_id,
    orders.customer_id,
    orders.channel,
    orders.order_id,
    orders.ordered_at as converted_at,
    orders.order_date as conversion_date,
    newness.is_new_customer,
    {{ may_be_profiled('consents') }} as is_profiled,
    orders.is_erased,
    orders.gross_revenue,
    orders.gross_revenue - orders.discount_revenue as discounted_revenue,
    orders.net_revenue,
    orders.net_revenue - orders.cost as margin
from {{ ref('customer_orders') }} as orders
left join {{ ref('order_newness') }} as newness
    on orders.channel = newness.channel
    and orders.order_id = newness.order_id
left join {{ ref('customer_consents') }} as consents
    on orders.customer_id = consents.customer_id
where orders.is_conversion
    and orders.order_date <= {{ as_of_date() }}
