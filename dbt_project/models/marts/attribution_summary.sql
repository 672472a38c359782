-- credit by model, marketing channel or campaign, period and customer type, with intervals and what it cost;
-- spend cannot be split by customer type, so it and its ratios stand on the rows of all customers
with

credits as (
    select
        attribution_model,
        marketing_channel,
        campaign,
        {{ year_month('period_month') }} as period,
        case when is_new_customer then 'new' else 'returning' end as customer_type,
        conversions,
        gross_revenue,
        net_revenue
    from {{ ref('credit_cells') }}
),

by_period as (
    select attribution_model, marketing_channel, campaign, period, customer_type, conversions, gross_revenue, net_revenue from credits
    union all
    select attribution_model, marketing_channel, campaign, 'all' as period, customer_type, conversions, gross_revenue, net_revenue from credits
),

by_customer_type as (
    select attribution_model, marketing_channel, campaign, period, customer_type, conversions, gross_revenue, net_revenue from by_period
    union all
    select attribution_model, marketing_channel, campaign, period, 'all' as customer_type, conversions, gross_revenue, net_revenue from by_period
),

by_dimension as (
    select 'marketing_channel' as dimension, attribution_model, marketing_channel, cast(null as varchar) as campaign, period, customer_type,
        conversions, gross_revenue, net_revenue
    from by_customer_type
    union all
    select 'campaign' as dimension, attribution_model, marketing_channel, campaign, period, customer_type,
        conversions, gross_revenue, net_revenue
    from by_customer_type
    where campaign is not null
),

credited as (
    select
        dimension, attribution_model, marketing_channel, campaign, period, customer_type,
        {{ exact_sum('conversions') }} as conversions,
        {{ exact_sum('gross_revenue') }} as gross_revenue,
        {{ exact_sum('net_revenue') }} as net_revenue
    from by_dimension
    group by dimension, attribution_model, marketing_channel, campaign, period, customer_type
),

new_customers as (
    select dimension, attribution_model, marketing_channel, campaign, period, conversions as new_conversions
    from credited
    where customer_type = 'new'
),

monthly_spend as (
    select marketing_channel, campaign, {{ year_month('spend_date') }} as period, spend
    from {{ ref('daily_spend') }}
),

spend_periods as (
    select marketing_channel, campaign, period, spend from monthly_spend
    union all
    select marketing_channel, campaign, 'all' as period, spend from monthly_spend
),

spent as (
    select 'marketing_channel' as dimension, marketing_channel, cast(null as varchar) as campaign, period, sum(spend) as spend
    from spend_periods
    group by marketing_channel, period
    union all
    select 'campaign' as dimension, marketing_channel, campaign, period, sum(spend) as spend
    from spend_periods
    where campaign is not null
    group by marketing_channel, campaign, period
),

models as (
    {{ offered_attribution_models() }}
),

-- spend that no conversion was credited to must show as well
spent_by_model as (
    select models.attribution_model, spent.dimension, spent.marketing_channel, spent.campaign, spent.period, spent.spend
    from spent
    cross join models
),

joined as (
    select
        coalesce(credited.dimension, spent_by_model.dimension) as dimension,
        coalesce(credited.attribution_model, spent_by_model.attribution_model) as attribution_model,
        coalesce(credited.marketing_channel, spent_by_model.marketing_channel) as marketing_channel,
        coalesce(credited.campaign, spent_by_model.campaign) as campaign,
        coalesce(credited.period, spent_by_model.period) as period,
        coalesce(credited.customer_type, 'all') as customer_type,
        coalesce(credited.conversions, 0) as conversions,
        coalesce(credited.gross_revenue, 0) as gross_revenue,
        coalesce(credited.net_revenue, 0) as net_revenue,
        spent_by_model.spend
    from credited
    full outer join spent_by_model
        on credited.dimension = spent_by_model.dimension
        and credited.attribution_model = spent_by_model.attribution_model
        and credited.marketing_channel = spent_by_model.marketing_channel
        and credited.campaign is not distinct from spent_by_model.campaign
        and credited.period = spent_by_model.period
        and credited.customer_type = 'all'
),

intervals as (
    select 'marketing_channel' as dimension, model, period, customer_type, marketing_channel, cast(null as varchar) as campaign,
        conversions_low, conversions_high, gross_revenue_low, gross_revenue_high, net_revenue_low, net_revenue_high
    from {{ source('insight', 'attribution_intervals') }}
    union all
    select 'campaign' as dimension, model, period, customer_type, marketing_channel, campaign,
        conversions_low, conversions_high, gross_revenue_low, gross_revenue_high, net_revenue_low, net_revenue_high
    from {{ source('insight', 'attribution_campaign_intervals') }}
    where campaign is not null
)

select
    joined.dimension,
    joined.attribution_model,
    joined.marketing_channel,
    joined.campaign,
    joined.period,
    joined.customer_type,
    joined.conversions,
    intervals.conversions_low,
    intervals.conversions_high,
    joined.gross_revenue,
    intervals.gross_revenue_low,
    intervals.gross_revenue_high,
    joined.net_revenue,
    intervals.net_revenue_low,
    intervals.net_revenue_high,
    cast(joined.spend as decimal(18, 2)) as spend,
    cast(joined.spend as double) / nullif(joined.conversions, 0) as cost_per_conversion,
    cast(joined.spend as double) / nullif(new_customers.new_conversions, 0) as customer_acquisition_cost,
    joined.gross_revenue / nullif(cast(joined.spend as double), 0) as return_on_ad_spend
from joined
left join new_customers
    on joined.dimension = new_customers.dimension
    and joined.attribution_model = new_customers.attribution_model
    and joined.marketing_channel = new_customers.marketing_channel
    and joined.campaign is not distinct from new_customers.campaign
    and joined.period = new_customers.period
left join intervals
    on joined.dimension = intervals.dimension
    and joined.attribution_model = intervals.model
    and joined.marketing_channel = intervals.marketing_channel
    and joined.campaign is not distinct from intervals.campaign
    and joined.period = intervals.period
    and joined.customer_type = intervals.customer_type
