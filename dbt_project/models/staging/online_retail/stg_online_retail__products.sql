with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
),

renamed as (
    select
        'online_retail' as channel,
        stock_code as sku,
        stock_code as product_code,
        description as product_name,
        cast(null as varchar) as brand,
        cast(null as varchar) as category,
        unit_price as list_price
    from source
    qualify row_number() over (partition by stock_code order by invoiced_at desc, description nulls last, unit_price desc) = 1
)

select * from renamed
