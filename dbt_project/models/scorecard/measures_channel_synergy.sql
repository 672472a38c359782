-- what stores and online channels did for each other in every period
{{ config(materialized='view') }}
with

cadences as (
    {{ scorecard_cadences() }}
),

second_channels as (
    select customer_id, min(first_date) as second_channel_date
    from (
        select customer_id, channel, first_date
        from (
            select customer_id, channel, min(order_date) as first_date
            from {{ ref('customer_orders') }}
            where is_conversion and customer_id is not null
            group by customer_id, channel
        ) as first_dates
        qualify row_number() over (partition by customer_id order by first_date, channel) = 2
    ) as channels
    group by customer_id
),

begun_online as (
    select distinct conversion_id
    from {{ ref('path_touches') }}
    where is_conversion and touch_type not in ('store_visit', 'scan', 'coupon')
),

numbered_orders as (
    select
        orders.*,
        orders.fulfilment_type = 'store' as is_store_order,
        max(case when orders.is_conversion and orders.fulfilment_type = 'store' then orders.ordered_at end) over (
            partition by orders.customer_id
            order by orders.ordered_at, orders.channel, orders.order_id
            rows between unbounded preceding and 1 preceding
        ) as former_store_at
    from {{ ref('customer_orders') }} as orders
),

facts as (
    select
        orders.order_date,
        orders.customer_id,
        orders.is_store_order,
        second_channels.second_channel_date,
        begun_online.conversion_id is not null as is_begun_online,
        orders.customer_id is not null
            and orders.former_store_at >= {{ add_days_to_time('orders.ordered_at', '-' ~ var('attribution_window_days')) }} as is_begun_in_store
    from numbered_orders as orders
    left join second_channels
        on orders.customer_id = second_channels.customer_id
    left join begun_online
        on begun_online.conversion_id = orders.channel || ':' || orders.order_id
    where orders.is_conversion and orders.order_date <= {{ as_of_date() }}
),

of_orders as (
    select
        cadences.cadence,
        {{ period_start_of('order_date') }} as period_start,
        cast(count(distinct case
            when {{ period_start_of('second_channel_date') }} = {{ period_start_of('order_date') }} then customer_id end) as double) as cross_channel_customers,
        cast(count(*) filter (where is_store_order) as double) as store_orders,
        cast(count(*) filter (where not is_store_order) as double) as online_orders,
        cast(count(*) filter (where is_store_order and is_begun_online) as double) as store_orders_begun_online,
        cast(count(*) filter (where not is_store_order and is_begun_in_store) as double) as online_orders_begun_in_store
    from facts
    cross join cadences
    group by 1, 2
),

of_lifetimes as (
    select
        cadence,
        period_start,
        cast(count(*) filter (where channel_count > 0) as double) as customers_ever,
        cast(count(*) filter (where is_omnichannel) as double) as omnichannel_customers_ever,
        cast(sum(gross_revenue) filter (where is_omnichannel) as double) as omnichannel_gross_revenue,
        cast(sum(net_revenue) filter (where is_omnichannel) as double) / nullif(count(*) filter (where is_omnichannel), 0) as omnichannel_revenue_per_customer,
        cast(sum(net_revenue) filter (where channel_count = 1) as double) / nullif(count(*) filter (where channel_count = 1), 0) as one_channel_revenue_per_customer
    from {{ ref('customers_so_far') }}
    group by 1, 2
)

{{- measures_by_period(['of_orders', 'of_lifetimes'], {
    'cross_channel_customers': 'coalesce(of_orders.cross_channel_customers, 0)',
    'store_orders': 'coalesce(of_orders.store_orders, 0)',
    'online_orders': 'coalesce(of_orders.online_orders, 0)',
    'store_orders_begun_online': 'coalesce(of_orders.store_orders_begun_online, 0)',
    'online_orders_begun_in_store': 'coalesce(of_orders.online_orders_begun_in_store, 0)',
    'customers_ever': 'of_lifetimes.customers_ever',
    'omnichannel_customers_ever': 'of_lifetimes.omnichannel_customers_ever',
    'omnichannel_gross_revenue': 'of_lifetimes.omnichannel_gross_revenue',
    'omnichannel_revenue_per_customer': 'of_lifetimes.omnichannel_revenue_per_customer',
    'one_channel_revenue_per_customer': 'of_lifetimes.one_channel_revenue_per_customer',
}) }}
