with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
),

newest_lines as (
    select
        stock_code as sku,
        {{ latest('invoiced_at', {'product_name': "coalesce(description, '')", 'list_price': 'unit_price'}) }} as line
    from source
    group by stock_code
),

renamed as (
    select
        'online_retail' as channel,
        sku,
        sku as product_code,
        nullif(line.product_name, '') as product_name,
        line.list_price
    from newest_lines
)

select * from {{ in_shape('renamed', 'products') }} as shaped
