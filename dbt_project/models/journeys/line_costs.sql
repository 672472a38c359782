-- what one piece cost the retailer on the day of its order, in the order's currency, for lines whose export does not say: by the retailer's own
-- code of the product. Before the first day of a cost, and where one of the currencies has no rate, it is not known
{%- set key = ['channel', 'order_id'] %}
{%- set follows = followed_shape('orders', key) %}
{%- do follows.update(followed_shape('order_lines', key)) %}
{%- do follows.update({
    'channel_products': "select lines.channel, lines.order_id from " ~ followed_rows('order_lines', ['channel', 'order_id', 'sku'])
        ~ " as lines semi join {changed} as changed on lines.channel = changed.channel and lines.sku = changed.sku",
    'reporting_rates': "select orders.channel, orders.order_id from " ~ followed_rows('orders', ['channel', 'order_id', 'order_date'])
        ~ " as orders semi join {changed} as changed on orders.order_date >= changed.valid_from and orders.order_date < changed.valid_until",
}) %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows}) }}
with

lines as (
    {{ union_shape('order_lines') }}
),

orders as (
    {{ union_shape('orders') }}
),

delivered as (
    {{ union_shape('unit_costs') }}
),

-- of two channels that say what a product cost on a day, the first by name
unit_costs as (
    select product_code, valid_from, currency, unit_cost
    from delivered
    where product_code is not null and valid_from is not null and unit_cost is not null
    qualify row_number() over (partition by product_code, valid_from order by channel) = 1
),

costs as (
    select
        *,
        coalesce(lead(valid_from) over (partition by product_code order by valid_from), cast('9999-12-31' as date)) as valid_until
    from unit_costs
),

coded as (
    select
        lines.channel,
        lines.order_id,
        lines.line_number,
        coalesce(products.product_code, lines.sku) as product_code,
        orders.order_date,
        orders.currency
    from lines
    inner join orders
        on lines.channel = orders.channel
        and lines.order_id = orders.order_id
    left join {{ ref('channel_products') }} as products
        on lines.channel = products.channel
        and lines.sku = products.sku
    where lines.unit_cost is null
)

select
    coded.channel,
    coded.order_id,
    coded.line_number,
    cast(
        case
            when costs.currency = coded.currency then costs.unit_cost
            else costs.unit_cost * cost_rates.rate / order_rates.rate
        end as decimal(18, 6)
    ) as unit_cost
from coded
inner join costs
    on coded.product_code = costs.product_code
    and coded.order_date >= costs.valid_from
    and coded.order_date < costs.valid_until
left join {{ ref('reporting_rates') }} as cost_rates
    on costs.currency = cost_rates.currency
    and coded.order_date >= cost_rates.valid_from
    and coded.order_date < cost_rates.valid_until
left join {{ ref('reporting_rates') }} as order_rates
    on coded.currency = order_rates.currency
    and coded.order_date >= order_rates.valid_from
    and coded.order_date < order_rates.valid_until
