-- customers of every period: who bought, who is new, who came back, and what they are worth so far
{{ config(materialized='view') }}
with

cadences as (
    {{ scorecard_cadences() }}
),

first_purchases as (
    select customer_id, min(order_date) as first_date
    from {{ ref('customer_orders') }}
    where is_conversion and customer_id is not null
    group by customer_id
),

of_orders as (
    select
        cadences.cadence,
        {{ period_start_of('orders.order_date') }} as period_start,
        cast(count(distinct case when orders.is_conversion then orders.customer_id end) as double) as active_customers,
        cast(count(*) filter (where newness.is_new_customer) as double) as new_customers,
        cast(count(*) filter (where orders.customer_order_number = 1) as double) as first_orders,
        cast(count(*) filter (where orders.customer_order_number = 1 and newness.is_new_customer is null) as double) as first_orders_of_unknown,
        cast(count(distinct case
            when orders.is_conversion and first_purchases.first_date < {{ period_start_of('orders.order_date') }}
                then orders.customer_id end) as double) as repeat_customers
    from {{ ref('customer_orders') }} as orders
    cross join cadences
    left join {{ ref('order_newness') }} as newness
        on orders.channel = newness.channel
        and orders.order_id = newness.order_id
    left join first_purchases
        on orders.customer_id = first_purchases.customer_id
    where orders.order_date <= {{ as_of_date() }}
    group by 1, 2
),

of_lifetimes as (
    select
        cadence,
        period_start,
        cast(sum(net_revenue) filter (where channel_count = 1) as double) as one_channel_lifetime_revenue,
        cast(count(*) filter (where channel_count = 1) as double) as one_channel_customers_ever,
        cast(sum(net_revenue) filter (where channel_count > 1) as double) as many_channel_lifetime_revenue,
        cast(count(*) filter (where channel_count > 1) as double) as many_channel_customers_ever
    from {{ ref('customers_so_far') }}
    group by 1, 2
)

{#- Where it is not known of too many whether they are new, neither the new nor those who came back are counted. #}
{%- set unknown = 'of_orders.first_orders_of_unknown > ' ~ var('scorecard_unknown_at_most') ~ ' * ' %}
{{- measures_by_period(['of_orders', 'of_lifetimes'], {
    'active_customers': 'coalesce(of_orders.active_customers, 0)',
    'new_customers': 'case when ' ~ unknown ~ 'of_orders.first_orders then cast(null as double) else coalesce(of_orders.new_customers, 0) end',
    'repeat_customers': 'case when ' ~ unknown ~ 'of_orders.active_customers then cast(null as double) else coalesce(of_orders.repeat_customers, 0) end',
    'one_channel_lifetime_revenue': 'of_lifetimes.one_channel_lifetime_revenue',
    'one_channel_customers_ever': 'of_lifetimes.one_channel_customers_ever',
    'many_channel_lifetime_revenue': 'of_lifetimes.many_channel_lifetime_revenue',
    'many_channel_customers_ever': 'of_lifetimes.many_channel_customers_ever',
}) }}
