with

source as (
    select * from {{ landed('square', 'items') }} as rows
),

newest_sales as (
    select
        sku,
        {{ latest('sold_at', {'product_name': 'item', 'category': 'category', 'list_price': divided_money('gross_sales', 'quantity', 6)}) }} as sale
    from source
    where sku is not null and lower(event_type) = 'payment'
    group by sku
),

renamed as (
    select
        'square' as channel,
        sku,
        sku as product_code,
        sale.product_name,
        sale.category,
        sale.list_price
    from newest_sales
)

select * from {{ in_shape('renamed', 'products') }} as shaped
