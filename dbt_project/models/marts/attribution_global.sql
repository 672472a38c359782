-- the exact global credit of every model, beside the total of its credits per conversion, and their difference. Models that share
-- each conversion by its own path alone (the heuristics, and any that a file adds) have no other global credit than that total
with

computed as (
    select
        model as attribution_model,
        period,
        marketing_channel,
        removal_effect_conversions,
        removal_effect_value as removal_effect_revenue,
        conversions,
        conversions_low,
        conversions_high,
        value as gross_revenue,
        value_low as gross_revenue_low,
        value_high as gross_revenue_high,
        path_conversions,
        path_value as path_gross_revenue,
        conversions_difference,
        value_difference as gross_revenue_difference
    from {{ source('insight', 'attribution_global') }}
    where model in ('{{ var("attribution_models") | join("', '") }}')
),

by_path_alone as (
    select
        summary.attribution_model,
        summary.period,
        summary.marketing_channel,
        cast(null as double) as removal_effect_conversions,
        cast(null as double) as removal_effect_revenue,
        summary.conversions,
        summary.conversions_low,
        summary.conversions_high,
        summary.gross_revenue,
        summary.gross_revenue_low,
        summary.gross_revenue_high,
        summary.conversions as path_conversions,
        summary.gross_revenue as path_gross_revenue,
        cast(0 as double) as conversions_difference,
        cast(0 as double) as gross_revenue_difference
    from {{ ref('attribution_summary') }} as summary
    left join (select distinct attribution_model from computed) as models_computed
        on summary.attribution_model = models_computed.attribution_model
    where summary.dimension = 'marketing_channel'
        and summary.customer_type = 'all'
        and summary.marketing_channel <> 'unattributed'
        and summary.conversions > 0
        and models_computed.attribution_model is null
)

select
    attribution_model, period, marketing_channel, removal_effect_conversions, removal_effect_revenue,
    conversions, conversions_low, conversions_high, gross_revenue, gross_revenue_low, gross_revenue_high,
    path_conversions, path_gross_revenue, conversions_difference, gross_revenue_difference
from computed
union all
select
    attribution_model, period, marketing_channel, removal_effect_conversions, removal_effect_revenue,
    conversions, conversions_low, conversions_high, gross_revenue, gross_revenue_low, gross_revenue_high,
    path_conversions, path_gross_revenue, conversions_difference, gross_revenue_difference
from by_path_alone
