-- every line of every order with what kind of thing it sells: the retailer's own list says, else the channel's field, else it is goods.
-- Its order's customer is left to be joined by (channel, order_id)
{{ config(materialized='view') }}
with

lines as (
    {{ union_shape('order_lines') }}
),

-- by the id of the product, else by its exact name: the list names products, it does not guess
by_sku as (
    select channel, sku, min(line_kind) as line_kind
    from {{ ref('line_kinds') }}
    where sku is not null
    group by channel, sku
),

by_name as (
    select channel, product_name, min(line_kind) as line_kind
    from {{ ref('line_kinds') }}
    where sku is null and product_name is not null
    group by channel, product_name
),

told as (
    select
        lines.channel,
        lines.order_id,
        lines.line_number,
        lines.sku,
        lines.product_name,
        coalesce(by_sku.line_kind, by_name.line_kind, lines.line_kind, 'goods') as line_kind,
        lines.quantity,
        lines.unit_price,
        lines.discount_amount,
        lines.coupon_code,
        coalesce(lines.unit_cost, costs.unit_cost) as unit_cost,
        lines.line_amount
    from lines
    left join {{ ref('line_costs') }} as costs
        on lines.channel = costs.channel
        and lines.order_id = costs.order_id
        and lines.line_number = costs.line_number
    left join by_sku
        on lines.channel = by_sku.channel
        and lines.sku = by_sku.sku
    left join by_name
        on lines.channel = by_name.channel
        and lines.product_name = by_name.product_name
)

select
    channel,
    order_id,
    line_number,
    sku,
    product_name,
    line_kind,
    line_kind = 'goods' as is_goods,
    quantity,
    unit_price,
    discount_amount,
    coupon_code,
    unit_cost,
    line_amount
from told
