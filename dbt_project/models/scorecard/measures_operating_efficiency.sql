-- how well touches are known, orders fulfilled and files read; the ledger and freshness are known of today only: they stand on the last quarter
{{ config(materialized='view') }}
with

cadences as (
    {{ scorecard_cadences() }}
),

fulfilled as (
    select
        order_date,
        case when fulfilled_at is not null and fulfilment_type <> 'store'
            then {{ seconds_between('ordered_at', 'fulfilled_at') }} / 3600.0 end as fulfilment_hours
    from {{ ref('customer_orders') }}
    where order_date <= {{ as_of_date() }}
),

of_orders as (
    select
        cadences.cadence,
        {{ period_start_of('order_date') }} as period_start,
        {{ exact_sum('fulfilment_hours') }} as fulfilment_hours,
        cast(count(fulfilment_hours) as double) as fulfilled_orders
    from fulfilled
    cross join cadences
    group by 1, 2
),

of_touches as (
    select
        cadences.cadence,
        {{ period_start_of('touch_date') }} as period_start,
        cast(count(*) as double) as touches,
        cast(count(customer_id) as double) as known_touches
    from {{ ref('customer_touchpoints') }}
    cross join cadences
    where touch_date <= {{ as_of_date() }}
    group by 1, 2
),

of_operations as (
    select
        'quarterly' as cadence,
        cast(date_trunc('quarter', {{ as_of_date() }}) as date) as period_start,
        (select cast(sum(parsed_rows) as double) from {{ source('state', 'loads') }} where status = 'landed') as parsed_rows,
        (select cast(sum(quarantined_rows) as double) from {{ source('state', 'loads') }} where status = 'landed') as quarantined_rows,
        (
            select cast(max({{ days_between('last_date', as_of_date()) }}) as double)
            from (
                select channel, max(order_date) as last_date
                from {{ ref('customer_orders') }}
                where order_date <= {{ as_of_date() }}
                group by channel
            ) as last_dates
        ) as freshness_days
)

{{- measures_by_period(['of_orders', 'of_touches', 'of_operations'], {
    'fulfilment_hours': 'of_orders.fulfilment_hours',
    'fulfilled_orders': 'of_orders.fulfilled_orders',
    'touches': 'of_touches.touches',
    'known_touches': 'of_touches.known_touches',
    'parsed_rows': 'of_operations.parsed_rows',
    'quarantined_rows': 'of_operations.quarantined_rows',
    'freshness_days': 'of_operations.freshness_days',
}) }}
