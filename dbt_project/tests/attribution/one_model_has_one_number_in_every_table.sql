-- law: what attribution_global, attribution_summary and attribution_credits say of a model, period and marketing channel is one number
{{ config(tags=['law']) }}
with

by_touch as (
    select
        attribution_model,
        {{ year_month('conversion_date') }} as period,
        marketing_channel,
        {{ exact_sum('credit') }} as conversions,
        {{ exact_sum('gross_revenue') }} as gross_revenue
    from {{ ref('attribution_credits') }}
    where touch_id is not null
    group by attribution_model, {{ year_month('conversion_date') }}, marketing_channel
),

credits as (
    select attribution_model, period, marketing_channel, conversions, gross_revenue
    from by_touch
    union all
    select attribution_model, 'all' as period, marketing_channel, {{ exact_sum('conversions') }} as conversions, {{ exact_sum('gross_revenue') }} as gross_revenue
    from by_touch
    group by attribution_model, marketing_channel
),

summary as (
    select attribution_model, period, marketing_channel, conversions, gross_revenue
    from {{ ref('attribution_summary') }}
    where dimension = 'marketing_channel' and customer_type = 'all' and marketing_channel <> 'unattributed'
),

compared as (
    select
        coalesce(credits.attribution_model, summary.attribution_model, totals.attribution_model) as attribution_model,
        coalesce(credits.period, summary.period, totals.period) as period,
        coalesce(credits.marketing_channel, summary.marketing_channel, totals.marketing_channel) as marketing_channel,
        coalesce(credits.conversions, 0) as conversions_of_credits,
        coalesce(summary.conversions, 0) as conversions_of_summary,
        coalesce(totals.conversions, 0) as conversions_of_global,
        coalesce(credits.gross_revenue, 0) as revenue_of_credits,
        coalesce(summary.gross_revenue, 0) as revenue_of_summary,
        coalesce(totals.gross_revenue, 0) as revenue_of_global
    from credits
    full outer join summary
        on credits.attribution_model = summary.attribution_model
        and credits.period = summary.period
        and credits.marketing_channel = summary.marketing_channel
    full outer join {{ ref('attribution_global') }} as totals
        on coalesce(credits.attribution_model, summary.attribution_model) = totals.attribution_model
        and coalesce(credits.period, summary.period) = totals.period
        and coalesce(credits.marketing_channel, summary.marketing_channel) = totals.marketing_channel
)

select *
from compared
where abs(conversions_of_credits - conversions_of_global) > 0.000001
    or abs(conversions_of_credits - conversions_of_summary) > 0.000001
    or abs(revenue_of_credits - revenue_of_global) > 0.0001
    or abs(revenue_of_credits - revenue_of_summary) > 0.0001
