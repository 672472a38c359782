-- every order of every channel once; a return document stands here as an order of its own with negative amounts, and a parked order with revenue null
{{ config(materialized='view') }}
select
    ---------- ids
    orders.channel,
    orders.order_id,
    orders.order_number,
    orders.channel || ':' || orders.order_id as conversion_id,
    orders.customer_id,
    orders.source_customer_id,
    orders.store_id,

    ---------- times
    orders.ordered_at,
    orders.order_date,
    orders.fulfilled_at,

    ---------- kind
    orders.order_status,
    orders.is_sale,
    orders.is_parked,
    orders.parked_reason,
    orders.fulfilment_type,
    orders.coupon_code,
    orders.is_anonymous,
    orders.is_erased,
    orders.is_conversion,
    orders.customer_order_number,
    newness.is_new_customer,
    orders.line_count,
    orders.item_quantity,

    ---------- money in the order's currency
    orders.currency,
    orders.gross_amount,
    orders.discount_amount,
    orders.platform_discount_amount,
    orders.creator_discount_amount,
    orders.shipping_amount,
    orders.tax_amount,
    orders.other_amount,
    orders.total_amount,
    orders.paid_amount,
    orders.refunded_amount,
    orders.refunded_goods_amount,
    orders.net_amount,

    ---------- money in the reporting currency
    orders.gross_revenue,
    orders.discount_revenue,
    orders.refunded_revenue,
    orders.net_revenue,
    orders.cost
from {{ ref('customer_orders') }} as orders
left join {{ ref('order_newness') }} as newness
    on orders.channel = newness.channel
    and orders.order_id = newness.order_id
