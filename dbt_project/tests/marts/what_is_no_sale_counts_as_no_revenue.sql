-- law: an order that was cancelled or never paid is not a conversion, bears no revenue, and neither does what was given back of it
{{ config(tags=['law']) }}
select orders.channel, orders.order_id, orders.gross_revenue, orders.net_revenue, refunds.refund_revenue
from {{ ref('orders') }} as orders
left join {{ ref('refunds') }} as refunds
    on orders.channel = refunds.channel
    and orders.order_id = refunds.order_id
where not orders.is_sale
    and (
        orders.is_conversion
        or orders.net_amount <> 0
        or orders.gross_revenue <> 0
        or orders.net_revenue <> 0
        or coalesce(refunds.refund_revenue, 0) <> 0
    )
