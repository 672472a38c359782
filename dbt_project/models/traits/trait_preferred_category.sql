-- the category that the customer spends most on, in the reporting currency, of the lines whose category is known
with

bought as (
    select
        orders.customer_id,
        products.category as choice,
        sum(cast(lines.line_amount * orders.gross_revenue / orders.gross_amount as decimal(18, 6))) as line_revenue
    from {{ ref('profiled_orders') }} as orders
    inner join {{ ref('customer_order_lines') }} as lines
        on orders.channel = lines.channel
        and orders.order_id = lines.order_id
    inner join {{ ref('channel_products') }} as products
        on lines.channel = products.channel
        and lines.sku = products.sku
    where products.category is not null
    group by orders.customer_id, products.category
)

select
    customer_id,
    choice as text_value,
    cast(null as double) as number_value
from bought
qualify row_number() over (partition by customer_id order by line_revenue desc, choice) = 1
