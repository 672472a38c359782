-- every order with positive gross up to as_of_date, as a conversion; anonymous ones stay, and will be unattributed
select
    orders.channel || ':' || orders.order_id as conversion_id,
    orders.customer_id,
    orders.channel,
    orders.order_id,
    orders.ordered_at as converted_at,
    orders.order_date as conversion_date,
    coalesce(orders.customer_order_number = 1, false) as is_new_customer,
    coalesce(consents.is_profiled, false) as is_profiled,
    orders.gross_revenue,
    orders.net_revenue
from {{ ref('customer_orders') }} as orders
left join {{ ref('customer_consents') }} as consents
    on orders.customer_id = consents.customer_id
where orders.is_conversion
    and orders.order_date <= {{ as_of_date() }}
