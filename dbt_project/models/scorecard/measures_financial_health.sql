-- revenue, discounts, margin, refunds and advertising of every period
{{ config(materialized='view') }}
with

cadences as (
    {{ scorecard_cadences() }}
),

of_net as (
    select
        cadences.cadence,
        {{ period_start_of('business_date') }} as period_start,
        cast(sum(net_revenue) as double) as net_revenue,
        cast(sum(net_revenue) filter (where customer_id is not null) as double) as known_net_revenue
    from {{ ref('dated_revenue') }}
    cross join cadences
    group by 1, 2
),

of_orders as (
    select
        cadences.cadence,
        {{ period_start_of('order_date') }} as period_start,
        cast(sum(gross_revenue) filter (where is_conversion) as double) as gross_revenue,
        cast(sum(discount_revenue) filter (where is_conversion) as double) as discount_revenue,
        cast(count(*) filter (where is_conversion) as double) as orders,
        cast(sum(gross_revenue) filter (where is_conversion and customer_id is not null) as double) as known_gross_revenue,
        cast(sum(net_revenue) filter (where cost is not null) as double) as costed_net_revenue,
        cast(sum(net_revenue - cost) filter (where cost is not null) as double) as costed_margin
    from {{ ref('customer_orders') }}
    cross join cadences
    where order_date <= {{ as_of_date() }}
    group by 1, 2
),

of_refunds as (
    select
        cadences.cadence,
        {{ period_start_of('refund_date') }} as period_start,
        cast(sum(refund_revenue) as double) as refund_revenue
    from {{ ref('customer_refunds') }}
    cross join cadences
    where refund_date <= {{ as_of_date() }}
    group by 1, 2
),

of_spend as (
    select
        cadences.cadence,
        {{ period_start_of('spend_date') }} as period_start,
        cast(sum(spend) as double) as spend
    from {{ ref('daily_spend') }}
    cross join cadences
    group by 1, 2
),

-- touches before the spend's advertisers are credited: last non-direct touch, paid channels that have spend
of_credit as (
    select
        cadences.cadence,
        {{ period_start_of('conversion_date') }} as period_start,
        {{ exact_sum('credit_last_non_direct * conversion_' ~ {'gross_revenue': 'value', 'discounted_revenue': 'discounted_value', 'net_revenue': 'net_value', 'margin': 'margin'}[var('return_on')]) }} as paid_revenue
    from {{ ref('credited_touches') }} as credited
    cross join cadences
    where exists (
        select 1
        from {{ ref('daily_spend') }} as spent
        where spent.marketing_channel = credited.marketing_channel
            and (spent.campaign = credited.campaign or spent.campaign is null)
    )
    group by 1, 2
)

{{- measures_by_period(['of_net', 'of_orders', 'of_refunds', 'of_spend', 'of_credit'], {
    'gross_revenue': 'coalesce(of_orders.gross_revenue, 0)',
    'net_revenue': 'coalesce(of_net.net_revenue, 0)',
    'discount_revenue': 'coalesce(of_orders.discount_revenue, 0)',
    'orders': 'coalesce(of_orders.orders, 0)',
    'known_gross_revenue': 'coalesce(of_orders.known_gross_revenue, 0)',
    'known_net_revenue': 'coalesce(of_net.known_net_revenue, 0)',
    'costed_net_revenue': 'of_orders.costed_net_revenue',
    'costed_margin': 'of_orders.costed_margin',
    'refund_revenue': 'coalesce(of_refunds.refund_revenue, 0)',
    'spend': 'of_spend.spend',
    'paid_revenue': 'coalesce(of_credit.paid_revenue, 0)',
}) }}
