with

source as (
    select
        *,
        {{ amazon_sold() }} as sold
    from {{ landed('amazon', 'orders') }} as rows
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
        case when quantity > 0 then cast({{ amazon_without_tax('item_price', 'item_tax') }} / quantity as decimal(18, 6)) end as unit_price,
        sold * abs(coalesce(item_promotion_discount, 0)) as discount_amount,
        sold * {{ amazon_without_tax('item_price', 'item_tax') }} as line_amount,

        ---------- text
        product_name,
        promotion_ids as coupon_code
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
