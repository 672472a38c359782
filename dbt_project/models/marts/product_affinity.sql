-- which products are bought together, of all orders up to as_of_date whose products are known: how often (support), how often the second where the
-- first is (confidence, with its Wilson interval at 95 %), and how much more often than by chance (lift)
with

baskets as (
    select distinct
        lines.channel || ':' || lines.order_id as conversion_id,
        coalesce(products.product_code, lines.sku) as product_code
    from {{ ref('customer_order_lines') }} as lines
    inner join {{ ref('conversions') }} as conversions
        on lines.channel = conversions.channel
        and lines.order_id = conversions.order_id
    left join {{ ref('channel_products') }} as products
        on lines.channel = products.channel
        and lines.sku = products.sku
    where lines.is_goods and lines.sku is not null
),

bought as (
    select product_code, count(*) as orders
    from baskets
    group by product_code
    having count(*) >= {{ var('affinity_min_orders') }}
),

names as (
    select product_code, min(product_name) as product_name
    from {{ ref('channel_products') }}
    group by product_code
),

total as (
    select count(distinct conversion_id) as orders
    from baskets
),

often as (
    select baskets.conversion_id, baskets.product_code
    from baskets
    inner join bought
        on baskets.product_code = bought.product_code
),

pairs as (
    select one.product_code, other.product_code as other_product_code, count(*) as orders
    from often as one
    inner join often as other
        on one.conversion_id = other.conversion_id
        and one.product_code <> other.product_code
    group by one.product_code, other.product_code
    having count(*) >= {{ var('affinity_min_orders') }}
),

measured as (
    select
        pairs.product_code,
        pairs.other_product_code,
        pairs.orders as pair_orders,
        bought.orders as product_orders,
        others.orders as other_product_orders,
        total.orders as all_orders,
        cast(pairs.orders as double) / bought.orders as confidence,
        cast(others.orders as double) / total.orders as other_share,
        cast(1.96 * 1.96 as double) / bought.orders as z2
    from pairs
    inner join bought
        on pairs.product_code = bought.product_code
    inner join bought as others
        on pairs.other_product_code = others.product_code
    cross join total
),

bounded as (
    select
        *,
        -- what was seen lies within, also where it is one and the last digit would deny it
        least(confidence, (confidence + z2 / 2 - sqrt(z2 * (confidence * (1 - confidence) + z2 / 4))) / (1 + z2)) as confidence_low,
        greatest(confidence, (confidence + z2 / 2 + sqrt(z2 * (confidence * (1 - confidence) + z2 / 4))) / (1 + z2)) as confidence_high
    from measured
)

select
    bounded.product_code,
    names.product_name,
    bounded.other_product_code,
    other_names.product_name as other_product_name,
    bounded.pair_orders,
    bounded.product_orders,
    bounded.other_product_orders,
    bounded.all_orders,
    cast(bounded.pair_orders as double) / bounded.all_orders as support,
    bounded.confidence,
    bounded.confidence_low,
    bounded.confidence_high,
    bounded.confidence / bounded.other_share as lift,
    bounded.confidence_low / bounded.other_share as lift_low,
    bounded.confidence_high / bounded.other_share as lift_high
from bounded
left join names
    on bounded.product_code = names.product_code
left join names as other_names
    on bounded.other_product_code = other_names.product_code
