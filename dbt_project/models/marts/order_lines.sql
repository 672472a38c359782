-- every line of every order once, in the order's currency; two equal lines on an order are two lines
{{ config(materialized='view') }}
select
    lines.channel,
    lines.order_id,
    lines.line_number,
    orders.customer_id,
    orders.order_date,
    lines.sku,
    lines.product_name,
    lines.coupon_code,
    lines.quantity,
    orders.currency,
    lines.unit_price,
    lines.unit_cost,
    lines.discount_amount,
    lines.line_amount
from {{ ref('customer_order_lines') }} as lines
inner join {{ ref('customer_orders') }} as orders
    on lines.channel = orders.channel
    and lines.order_id = orders.order_id
