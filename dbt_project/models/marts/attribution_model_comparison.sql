-- what each model credits each marketing channel with, beside last touch
with

credited as (
    select attribution_model, marketing_channel, {{ exact_sum('conversions') }} as conversions, {{ exact_sum('gross_revenue') }} as gross_revenue
    from {{ ref('credit_cells') }}
    where marketing_channel <> 'unattributed'
    group by attribution_model, marketing_channel
),

shared as (
    select
        attribution_model,
        marketing_channel,
        conversions,
        conversions / nullif({{ exact_sum('conversions', over='partition by attribution_model') }}, 0) as conversion_share,
        gross_revenue,
        gross_revenue / nullif({{ exact_sum('gross_revenue', over='partition by attribution_model') }}, 0) as gross_revenue_share
    from credited
)

select
    shared.attribution_model,
    shared.marketing_channel,
    shared.conversions,
    shared.conversion_share,
    shared.gross_revenue,
    shared.gross_revenue_share,
    shared.conversion_share - coalesce(last_touch.conversion_share, 0) as conversion_share_over_last_touch,
    shared.gross_revenue_share - coalesce(last_touch.gross_revenue_share, 0) as gross_revenue_share_over_last_touch
from shared
left join shared as last_touch
    on shared.marketing_channel = last_touch.marketing_channel
    and last_touch.attribution_model = 'last_touch'
