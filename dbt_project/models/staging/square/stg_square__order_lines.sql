with

source as (
    select * from {{ landed('square', 'items') }} as rows
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        transaction_id as order_id,
        row_number() over (partition by transaction_id order by _load_id, _line) as line_number,
        sku,

        ---------- text
        item as product_name,
        {{ square_line_kind() }} as line_kind,

        ---------- money
        quantity,
        gross_sales / nullif(quantity, 0) as unit_price,
        -coalesce(discounts, 0) as discount_amount,
        gross_sales as line_amount
    from source
    where lower(event_type) = 'payment'
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
