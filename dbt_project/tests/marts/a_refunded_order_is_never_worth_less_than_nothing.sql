-- law: the net of an order is not below zero where its refunds are no more than its total, and nothing where they are all of it; return documents,
-- which stand among the orders with negative amounts, are exempt
{{ config(tags=['law']) }}
select channel, order_id, total_amount, refunded_amount, net_amount, net_revenue
from {{ ref('orders') }}
where is_sale
    and not is_parked
    and gross_amount >= 0
    and gross_amount >= discount_amount
    and refunded_amount <= total_amount
    and (
        net_amount < 0
        or net_revenue < 0
        or (refunded_amount = total_amount and refunded_amount > 0 and (net_amount <> 0 or net_revenue <> 0))
    )
