-- what each order is made of, before anything was given back: goods, who bore which discount, what is no revenue of goods, and why an order is
-- parked: what cannot be counted yet waits here by name, and stops nobody else's figures
{%- set goods = "(orders.gross_amount - coalesce(lines.other_amount + lines.other_discount_amount, 0))" %}
{%- set discount = "(coalesce(orders.discount_amount, 0) - coalesce(lines.other_discount_amount, 0))" %}
{%- set is_stray = "coalesce(orders.order_date < firsts.first_date, false)" %}
{#- what a discount of the order takes off beyond its goods, it takes off the cards or tips beside them -#}
{%- set beyond_goods = "least(greatest(" ~ discount ~ " - greatest(" ~ goods ~ ", 0), 0), greatest(coalesce(lines.other_amount, 0), 0))" %}
{%- set key = ['channel', 'order_id'] %}
{%- set follows = followed_shape('orders', key) %}
{%- do follows.update(followed_shape('order_lines', key)) %}
{%- do follows.update({
    'customer_order_lines': key,
    'line_costs': key,
    'reporting_rates': "select orders.channel, orders.order_id from " ~ followed_rows('orders', ['channel', 'order_id', 'order_date', 'currency'])
        ~ " as orders semi join {changed} as changed on orders.currency = changed.currency "
        "and orders.order_date >= changed.valid_from and orders.order_date < changed.valid_until",
    'channel_first_dates': "select orders.channel, orders.order_id from " ~ followed_rows('orders', ['channel', 'order_id', 'order_date'])
        ~ " as orders semi join {changed} as changed on orders.channel = changed.channel and orders.order_date < changed.first_date",
}) %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows}) }}
with

orders as (
    {{ union_shape('orders') }}
),

lines as (
    select
        channel,
        order_id,
        count(*) as line_count,
        cast(sum(case when is_goods then quantity end) as decimal(38, 6)) as item_quantity,
        sum(line_amount) as lines_amount,
        -- prices are of whole cents: half a cent a piece, of lines of several, is rounding
        0.005 + sum(case when abs(quantity) > 1 then abs(quantity) * 0.005 else 0 end) as rounding_amount,
        -- known only where it is of every line of goods: part of a cost would pass for margin
        case
            when sum(case when is_goods and unit_cost * quantity is null then 1 else 0 end) = 0
                then sum(case when is_goods then unit_cost * quantity else 0 end)
        end as cost_amount,
        sum(case when is_goods then 0 else line_amount - coalesce(discount_amount, 0) end) as other_amount,
        sum(case when is_goods then 0 else coalesce(discount_amount, 0) end) as other_discount_amount
    from {{ ref('customer_order_lines') }}
    group by channel, order_id
),

priced as (
    select
        orders.channel,
        orders.order_id,
        orders.order_number,
        orders.source_customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.fulfilled_at,
        orders.store_id,
        {{ order_status_of('orders.order_status') }} as order_status,
        {{ is_sale('orders.order_status') }} and not {{ is_stray }} as is_sale,
        orders.fulfilment_type,
        coalesce(lines.line_count, 0) as line_count,
        lines.item_quantity,
        orders.currency,
        cast({{ goods }} as decimal(18, 2)) as gross_amount,
        cast({{ discount }} - {{ beyond_goods }} as decimal(18, 2)) as discount_amount,
        coalesce(orders.platform_discount_amount, 0) as platform_discount_amount,
        coalesce(orders.creator_discount_amount, 0) as creator_discount_amount,
        coalesce(orders.shipping_amount, 0) as shipping_amount,
        coalesce(orders.tax_amount, 0) as tax_amount,
        cast(coalesce(orders.other_amount, 0) + coalesce(lines.other_amount, 0) - {{ beyond_goods }} as decimal(18, 2)) as other_amount,
        lines.cost_amount,
        rates.rate,
        case
            when {{ is_stray }} then 'stray_date'
            when not {{ is_known_status('orders.order_status') }} then 'unknown_status'
            when orders.currency is null and orders.gross_amount <> 0 then 'no_currency'
            when rates.rate is null and (orders.gross_amount <> 0 or coalesce(orders.discount_amount, 0) <> 0) then 'no_rate'
            when lines.line_count is null and orders.gross_amount <> 0 and {{ has_lines('orders.channel') }} then 'no_lines'
            when abs(orders.gross_amount - lines.lines_amount) > lines.rounding_amount and {{ has_lines('orders.channel') }} then 'lines_differ'
        end as parked_reason
    from orders
    left join {{ ref('reporting_rates') }} as rates
        on orders.currency = rates.currency
        and orders.order_date >= rates.valid_from
        and orders.order_date < rates.valid_until
    left join lines
        on orders.channel = lines.channel
        and orders.order_id = lines.order_id
    left join {{ ref('channel_first_dates') }} as firsts
        on orders.channel = firsts.channel
)

select
    channel,
    order_id,
    order_number,
    source_customer_id,
    ordered_at,
    order_date,
    fulfilled_at,
    store_id,
    order_status,
    is_sale,
    parked_reason,
    fulfilment_type,
    line_count,
    item_quantity,
    currency,
    rate,
    gross_amount,
    discount_amount,
    platform_discount_amount,
    creator_discount_amount,
    shipping_amount,
    tax_amount,
    other_amount,
    cast(gross_amount - discount_amount as decimal(18, 2)) as sold_amount,
    cast(
        gross_amount - discount_amount - platform_discount_amount - creator_discount_amount + shipping_amount + tax_amount + other_amount
        as decimal(18, 2)
    ) as total_amount,
    -- nothing is nothing in any currency: exports leave it out on what was cancelled
    cast(case when gross_amount = 0 then 0 else cast(gross_amount * rate as decimal(18, 2)) end as decimal(18, 2)) as gross_revenue,
    cast(case when discount_amount = 0 then 0 else cast(discount_amount * rate as decimal(18, 2)) end as decimal(18, 2)) as discount_revenue,
    cast(cost_amount * rate as decimal(18, 2)) as cost
from priced
