-- credit added up over the smallest cells that summaries are made of
select
    attribution_model,
    marketing_channel,
    campaign,
    cast(date_trunc('month', conversion_date) as date) as period_month,
    is_new_customer,
    {{ exact_sum('credit') }} as conversions,
    {{ exact_sum('gross_revenue') }} as gross_revenue,
    {{ exact_sum('net_revenue') }} as net_revenue
from {{ ref('credited_conversions') }}
group by attribution_model, marketing_channel, campaign, cast(date_trunc('month', conversion_date) as date), is_new_customer
