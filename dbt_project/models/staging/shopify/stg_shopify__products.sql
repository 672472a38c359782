-- the shop exports no catalogue here: products as its order lines name them, the latest name winning
with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

renamed as (
    select
        'shopify' as channel,
        lineitem_sku as sku,
        lineitem_sku as product_code,
        lineitem_name as product_name,
        vendor as brand,
        cast(null as varchar) as category,
        coalesce(lineitem_compare_at_price, lineitem_price) as list_price
    from source
    where lineitem_sku is not null
    qualify row_number() over (partition by lineitem_sku order by created_at desc, lineitem_name) = 1
)

select * from renamed
