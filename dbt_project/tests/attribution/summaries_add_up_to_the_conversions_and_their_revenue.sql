-- law: per model, months add up to all periods, new and returning customers to all, marketing channels to the orders
{{ config(tags=['law']) }}
with

summarised as (
    select attribution_model, period, customer_type, conversions, gross_revenue
    from {{ ref('attribution_summary') }}
    where dimension = 'marketing_channel'
),

totals as (
    select
        attribution_model,
        sum(case when period = 'all' and customer_type = 'all' then conversions else 0 end) as conversions,
        sum(case when period = 'all' and customer_type = 'all' then gross_revenue else 0 end) as gross_revenue,
        sum(case when period <> 'all' and customer_type = 'all' then conversions else 0 end) as conversions_of_months,
        sum(case when period = 'all' and customer_type <> 'all' then conversions else 0 end) as conversions_of_customer_types
    from summarised
    group by attribution_model
),

ordered as (
    select count(*) as conversions, coalesce(sum(gross_revenue), 0) as gross_revenue
    from {{ ref('orders') }}
    where is_conversion and order_date <= {{ as_of_date() }}
)

select totals.attribution_model, totals.conversions, ordered.conversions as expected_conversions, totals.gross_revenue
from totals
cross join ordered
where abs(totals.conversions - ordered.conversions) > 1e-6
    or abs(totals.conversions_of_months - ordered.conversions) > 1e-6
    or abs(totals.conversions_of_customer_types - ordered.conversions) > 1e-6
    or abs(totals.gross_revenue - ordered.gross_revenue) > 1e-3
