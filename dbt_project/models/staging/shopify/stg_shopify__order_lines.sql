with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        coalesce(order_id, order_name) as order_id,
        row_number() over (partition by coalesce(order_id, order_name) order by _line) as line_number,
        lineitem_sku as sku,

        ---------- text
        lineitem_name as product_name,
        nullif(trim(discount_code), '') as coupon_code,

        ---------- money
        lineitem_quantity as quantity,
        lineitem_price as unit_price,
        coalesce(lineitem_discount, 0) as discount_amount,
        lineitem_quantity * lineitem_price as line_amount
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
