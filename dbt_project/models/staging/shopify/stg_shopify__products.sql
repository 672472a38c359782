-- the shop exports no catalogue here: products as its order lines name them, the latest name winning
with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

newest_lines as (
    select
        lineitem_sku as sku,
        {{ latest('created_at', {
            'product_name': 'lineitem_name', 'brand': 'vendor', 'list_price': 'coalesce(lineitem_compare_at_price, lineitem_price)',
        }) }} as line
    from source
    where lineitem_sku is not null
    group by lineitem_sku
),

renamed as (
    select
        'shopify' as channel,
        sku,
        sku as product_code,
        line.product_name,
        line.brand,
        line.list_price
    from newest_lines
)

select * from {{ in_shape('renamed', 'products') }} as shaped
