-- spend beside the credit of the touches of the same day and campaign: what was spent without credit and what was
-- credited without spend both show; credit is that of paid marketing channels
with

days as (
    select
        {{ business_date('touched_at') }} as business_date,
        marketing_channel,
        coalesce(campaign, '(none)') as campaign,
        {{ credit_sums() }}
    from {{ ref('credited_touches') }}
    where is_paid and touch_id is not null
    group by {{ business_date('touched_at') }}, marketing_channel, coalesce(campaign, '(none)')
),

credited as (
    {{ by_attribution_model('days', ['business_date', 'marketing_channel', 'campaign']) }}
),

models as (
    {{ offered_attribution_models() }}
),

spent as (
    select
        models.attribution_model,
        daily_spend.spend_date as business_date,
        daily_spend.marketing_channel,
        coalesce(daily_spend.campaign, '(none)') as campaign,
        sum(daily_spend.spend) as spend,
        sum(daily_spend.clicks) as clicks
    from {{ ref('daily_spend') }} as daily_spend
    cross join models
    group by models.attribution_model, daily_spend.spend_date, daily_spend.marketing_channel, coalesce(daily_spend.campaign, '(none)')
)

select
    coalesce(spent.attribution_model, credited.attribution_model) as attribution_model,
    coalesce(spent.business_date, credited.business_date) as business_date,
    coalesce(spent.marketing_channel, credited.marketing_channel) as marketing_channel,
    coalesce(spent.campaign, credited.campaign) as campaign,
    cast(coalesce(spent.spend, 0) as decimal(18, 2)) as spend,
    cast(coalesce(spent.clicks, 0) as bigint) as clicks,
    coalesce(credited.conversions, 0) as conversions,
    coalesce(credited.gross_revenue, 0) as gross_revenue,
    case
        when credited.attribution_model is null then 'spend_without_credit'
        when spent.attribution_model is null then 'credit_without_spend'
        else 'both'
    end as reconciliation
from spent
full outer join credited
    on spent.attribution_model = credited.attribution_model
    and spent.business_date = credited.business_date
    and spent.marketing_channel = credited.marketing_channel
    and spent.campaign = credited.campaign
