-- every line of every order, with its order's customer left to be joined by (channel, order_id)
{{ config(materialized='view') }}
with

lines as (
    {{ union_shape('order_lines') }}
)

select
    channel,
    order_id,
    line_number,
    sku,
    product_name,
    quantity,
    unit_price,
    discount_amount,
    coupon_code,
    unit_cost,
    line_amount
from lines
