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
        cast(null as varchar) as sku,

        ---------- text
        product_names as product_name,
        shop_discount_type as coupon_code,

        ---------- money
        cast(null as decimal(18, 6)) as quantity,
        cast(null as decimal(18, 6)) as unit_price,
        coalesce(shop_discount_amount, 0) + coalesce(payment_discount_amount, 0) as discount_amount,
        cast(null as decimal(18, 6)) as unit_cost,
        goods_amount as line_amount
    from source
)

select * from renamed
