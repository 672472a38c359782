-- the exact global credit of the computed models, beside the total of the credits per conversion, and their difference
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
