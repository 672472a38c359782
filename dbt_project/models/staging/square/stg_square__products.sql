with

source as (
    select * from {{ landed('square', 'items') }} as rows
),

renamed as (
    select
        'square' as channel,
        sku,
        sku as product_code,
        item as product_name,
        cast(null as varchar) as brand,
        category,
        gross_sales / nullif(quantity, 0) as list_price
    from source
    where sku is not null and lower(event_type) = 'payment'
    qualify row_number() over (partition by sku order by sold_at desc, item, gross_sales) = 1
)

select * from renamed
