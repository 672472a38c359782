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
        case
            when lower(itemization_type) like '%gift card%' then 'gift_card'
            when lower(itemization_type) like '%donation%' then 'donation'
        end as line_kind,

        ---------- money
        quantity,
        gross_sales / nullif(quantity, 0) as unit_price,
        -coalesce(discounts, 0) as discount_amount,
        gross_sales as line_amount
    from source
    where lower(event_type) = 'payment'
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
