-- the export lists an order's goods in one cell: one line per order, its amount that of all goods
with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
    qualify row_number() over (partition by order_id order by _line desc) = 1
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        order_id,
        1 as line_number,

        ---------- text
        product_names as product_name,
        shop_discount_type as coupon_code,

        ---------- money
        coalesce(shop_discount_amount, 0) + coalesce(payment_discount_amount, 0) - {{ youzan_platform_discount() }} as discount_amount,
        goods_amount as line_amount
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
