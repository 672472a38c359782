-- the credit of every model over all touches, the sum of its credits per conversion, with what the models of the whole chain found
-- before the paths had a say. Models that share each conversion by its own path alone (the heuristics, and any that a file adds) have
-- no other global credit than that sum
with

computed as (
    select
        model as attribution_model,
        period,
        marketing_channel,
        status,
        removal_effect_conversions,
        removal_effect_value as removal_effect_revenue,
        raw_conversions,
        conversions,
        conversions_low,
        conversions_high,
        value as gross_revenue,
        value_low as gross_revenue_low,
        value_high as gross_revenue_high
    from {{ source('insight', 'attribution_global') }}
    where model in ('{{ var("attribution_models") | join("', '") }}')
),

by_path_alone as (
    select
        summary.attribution_model,
        summary.period,
        summary.marketing_channel,
        'by_path' as status,
        cast(null as double) as removal_effect_conversions,
        cast(null as double) as removal_effect_revenue,
        cast(null as double) as raw_conversions,
        summary.conversions,
        summary.conversions_low,
        summary.conversions_high,
        summary.gross_revenue,
        summary.gross_revenue_low,
        summary.gross_revenue_high
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
    attribution_model, period, marketing_channel, status, removal_effect_conversions, removal_effect_revenue, raw_conversions,
    conversions, conversions_low, conversions_high, gross_revenue, gross_revenue_low, gross_revenue_high
from computed
union all
select
    attribution_model, period, marketing_channel, status, removal_effect_conversions, removal_effect_revenue, raw_conversions,
    conversions, conversions_low, conversions_high, gross_revenue, gross_revenue_low, gross_revenue_high
from by_path_alone
