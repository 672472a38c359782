-- the marketing channel of the first touch before the customer's first order; `unknown` where no touch is known
select
    orders.customer_id,
    coalesce(touches.marketing_channel, 'unknown') as text_value,
    cast(null as double) as number_value
from {{ ref('profiled_orders') }} as orders
left join {{ ref('path_touches') }} as touches
    on touches.conversion_id = orders.channel || ':' || orders.order_id
    and touches.position = 1
where orders.order_number = 1
