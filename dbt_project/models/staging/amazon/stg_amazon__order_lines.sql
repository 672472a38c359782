with

source as (
    select * from {{ landed('amazon', 'orders') }} as rows
),

renamed as (
    select
        ---------- ids
        'amazon' as channel,
        order_id,
        row_number() over (partition by order_id order by _line) as line_number,
        sku,

        ---------- money
        quantity,
        case when quantity > 0 then cast(coalesce(item_price, 0) / quantity as decimal(18, 6)) end as unit_price,
        abs(coalesce(item_promotion_discount, 0)) as discount_amount,
        coalesce(item_price, 0) as line_amount,

        ---------- text
        product_name,
        promotion_ids as coupon_code
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
