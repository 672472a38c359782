-- credit added up over the smallest cells that summaries are made of
with

cells as (
    select
        marketing_channel,
        campaign,
        cast(date_trunc('month', conversion_date) as date) as period_month,
        is_new_customer,
        {{ credit_sums() }}
    from {{ ref('credited_touches') }}
    group by marketing_channel, campaign, cast(date_trunc('month', conversion_date) as date), is_new_customer
)

{{ by_attribution_model('cells', ['marketing_channel', 'campaign', 'period_month', 'is_new_customer']) }}
