with

source as (
    select * from {{ landed('taobao', 'items') }} as rows
),

renamed as (
    select
        ---------- ids
        'taobao' as channel,
        order_id,
        row_number() over (partition by order_id order by _line) as line_number,
        coalesce(seller_sku, external_code) as sku,

        ---------- money
        quantity,
        unit_price,
        0 as discount_amount,
        quantity * unit_price as line_amount,

        ---------- text
        product_title as product_name
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
