-- what each coupon code, and each advertised campaign, came with: orders, discount, new customers and margin up to as_of_date. An order with
-- several codes counts once under each, and its money in equal parts, so that the money of all codes is that of the orders with a code; a
-- campaign's orders and money are the credit of the last touch that was not direct. That they came with it does not say that it caused them.
with

orders as (
    select
        orders.channel,
        orders.order_id,
        orders.channel || ':' || orders.order_id as conversion_id,
        orders.customer_id,
        conversions.is_new_customer,
        cast(orders.gross_revenue as double) as gross_revenue,
        cast(orders.discount_revenue as double) as discount_revenue,
        cast(orders.net_revenue as double) as net_revenue,
        cast(orders.cost as double) as cost
    from {{ ref('customer_orders') }} as orders
    inner join {{ ref('conversions') }} as conversions
        on conversions.channel = orders.channel
        and conversions.order_id = orders.order_id
),

by_code as (
    select
        'code' as dimension,
        codes.coupon_code as promotion,
        orders.conversion_id,
        1.0 as order_share,
        cast(1 as double) / codes.code_count as money_share
    from orders
    inner join {{ ref('coupons_of_orders') }} as codes
        on orders.channel = codes.channel
        and orders.order_id = codes.order_id
),

by_campaign as (
    select
        'campaign' as dimension,
        campaign as promotion,
        conversion_id,
        {{ exact_sum('credit') }} as order_share,
        {{ exact_sum('credit') }} as money_share
    from {{ ref('credited_conversions') }}
    where attribution_model = 'last_non_direct' and campaign is not null
    group by campaign, conversion_id
),

shares as (
    select dimension, promotion, conversion_id, order_share, money_share from by_code
    union all
    select dimension, promotion, conversion_id, order_share, money_share from by_campaign
)

select
    shares.dimension,
    shares.promotion,
    {{ exact_sum('shares.order_share') }} as orders,
    count(distinct orders.customer_id) as customers,
    {{ exact_sum('case when orders.is_new_customer then shares.order_share else 0 end') }} as new_customers,
    {{ exact_sum('shares.money_share * orders.gross_revenue') }} as gross_revenue,
    {{ exact_sum('shares.money_share * orders.discount_revenue') }} as discount_revenue,
    {{ exact_sum('shares.money_share * orders.net_revenue') }} as net_revenue,
    {{ exact_sum('case when orders.cost is not null then shares.money_share * (orders.net_revenue - orders.cost) end') }} as margin,
    {{ exact_sum('case when orders.cost is not null then shares.money_share else 0 end') }} / nullif({{ exact_sum('shares.money_share') }}, 0) as costed_share,
    {{ exact_sum('shares.money_share * orders.discount_revenue') }} / nullif({{ exact_sum('shares.money_share * orders.gross_revenue') }}, 0) as discount_rate
from shares
inner join orders
    on shares.conversion_id = orders.conversion_id
group by shares.dimension, shares.promotion
