-- every line of every order once, in the order's currency, with whom, when and in which category; two equal lines on an order are two lines
{{ config(materialized='view') }}
select
    ---------- ids
    lines.channel,
    lines.order_id,
    lines.line_number,
    orders.customer_id,
    orders.order_date,
    lines.sku,

    ---------- kind
    lines.product_name,
    products.category,
    lines.line_kind,
    lines.is_goods,
    orders.is_sale,
    lines.coupon_code,

    ---------- money in the order's currency
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
left join {{ ref('channel_products') }} as products
    on lines.channel = products.channel
    and lines.sku = products.sku
