-- every product that a channel sells, with a category lent by another channel's product of the same code where its own has none
with

products as (
    {{ union_shape('products') }}
),

categories as (
    select product_code, min(category) as category
    from products
    where category is not null
    group by product_code
)

select
    products.channel,
    products.sku,
    products.product_code,
    products.product_name,
    products.brand,
    coalesce(products.category, categories.category) as category,
    products.list_price
from products
left join categories
    on products.product_code = categories.product_code
