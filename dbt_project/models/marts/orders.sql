-- every order of every channel once; a return document stands here as an order of its own with negative amounts
{{ config(materialized='view') }}
select
    ---------- ids
    channel,
    order_id,
    channel || ':' || order_id as conversion_id,
    customer_id,
    source_customer_id,
    store_id,

    ---------- times
    ordered_at,
    order_date,
    fulfilled_at,

    ---------- kind
    order_status,
    is_sale,
    fulfilment_type,
    coupon_code,
    is_anonymous,
    is_conversion,
    customer_order_number,
    line_count,
    item_quantity,

    ---------- money in the order's currency
    currency,
    gross_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    refunded_amount,
    net_amount,

    ---------- money in the reporting currency
    gross_revenue,
    discount_revenue,
    refunded_revenue,
    net_revenue,
    cost
from {{ ref('customer_orders') }}
