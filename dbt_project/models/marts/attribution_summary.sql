-- credit by model, marketing channel or campaign, period and customer type, with intervals and what it cost;
-- spend cannot be split by customer type, so it and its ratios stand on the rows of all customers. Ratios to spend take the credit of what
-- money was spent on (`spend_…`), and nothing that somebody else's campaigns did
{%- set measures = [] %}
{%- for measure, _ in credit_measures() %}
{%- do measures.extend([measure, 'spend_' ~ measure]) %}
{%- endfor %}
with

-- the campaigns that money was spent on; spend that names no campaign is its whole marketing channel's
spent_on as (
    select distinct marketing_channel, campaign
    from {{ ref('daily_spend') }}
    where spend > 0
),

whole_channels as (
    select distinct marketing_channel
    from spent_on
    where campaign is null
),

credits as (
    select
        cells.attribution_model,
        cells.marketing_channel,
        cells.campaign,
        {{ year_month('cells.period_month') }} as period,
        case when cells.is_new_customer is null then 'unknown' when cells.is_new_customer then 'new' else 'returning' end as customer_type,
        {%- for measure, _ in credit_measures() %}
        coalesce(cells.{{ measure }}, 0) as {{ measure }},
        case when spent_on.marketing_channel is not null or whole_channels.marketing_channel is not null then coalesce(cells.{{ measure }}, 0) else 0 end
            as spend_{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('credit_cells') }} as cells
    left join spent_on
        on cells.marketing_channel = spent_on.marketing_channel
        and cells.campaign = spent_on.campaign
    left join whole_channels
        on cells.marketing_channel = whole_channels.marketing_channel
),

by_period as (
    select attribution_model, marketing_channel, campaign, period, customer_type, {{ measures | join(', ') }} from credits
    union all
    select attribution_model, marketing_channel, campaign, 'all' as period, customer_type, {{ measures | join(', ') }} from credits
),

by_customer_type as (
    select attribution_model, marketing_channel, campaign, period, customer_type, {{ measures | join(', ') }} from by_period
    union all
    select attribution_model, marketing_channel, campaign, period, 'all' as customer_type, {{ measures | join(', ') }} from by_period
),

by_dimension as (
    select 'marketing_channel' as dimension, attribution_model, marketing_channel, cast(null as string) as campaign, period, customer_type,
        {{ measures | join(', ') }}
    from by_customer_type
    union all
    select 'campaign' as dimension, attribution_model, marketing_channel, campaign, period, customer_type,
        {{ measures | join(', ') }}
    from by_customer_type
    where campaign is not null
),

credited as (
    select
        dimension, attribution_model, marketing_channel, campaign, period, customer_type,
        {%- for measure in measures %}
        {{ exact_sum(measure) }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_dimension
    group by dimension, attribution_model, marketing_channel, campaign, period, customer_type
),

new_customers as (
    select
        dimension, attribution_model, marketing_channel, campaign, period,
        sum(case when customer_type = 'new' then spend_conversions else 0 end) as spend_new_conversions,
        sum(case when customer_type = 'unknown' then spend_conversions else 0 end) as spend_unknown_conversions,
        sum(spend_conversions) as spend_conversions
    from credited
    where customer_type <> 'all'
    group by dimension, attribution_model, marketing_channel, campaign, period
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
    select 'marketing_channel' as dimension, marketing_channel, cast(null as string) as campaign, period, sum(spend) as spend
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
        {%- for measure in measures %}
        coalesce(credited.{{ measure }}, 0) as {{ measure }},
        {%- endfor %}
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
    select 'marketing_channel' as dimension, model, period, customer_type, marketing_channel, cast(null as string) as campaign,
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
    joined.discounted_revenue,
    case when joined.costed_net_revenue >= 0.95 * joined.net_revenue then joined.margin end as margin,
    cast(joined.spend as decimal(18, 2)) as spend,
    joined.spend_conversions,
    case when new_customers.spend_unknown_conversions > {{ var('scorecard_unknown_at_most') }} * new_customers.spend_conversions then cast(null as double)
        else new_customers.spend_new_conversions end as spend_new_conversions,
    {% set house = var('return_on') -%}
    {%- if house == 'margin' -%}
    case when joined.spend_costed_net_revenue >= 0.95 * joined.spend_net_revenue then joined.spend_margin end as spend_revenue,
    {%- else -%}
    joined.spend_{{ house }} as spend_revenue,
    {%- endif %}
    cast(joined.spend as double) / nullif(joined.spend_conversions, 0) as cost_per_conversion,
    case when new_customers.spend_unknown_conversions <= {{ var('scorecard_unknown_at_most') }} * new_customers.spend_conversions
        then cast(joined.spend as double) / nullif(new_customers.spend_new_conversions, 0) end as customer_acquisition_cost,
    joined.spend_gross_revenue / nullif(cast(joined.spend as double), 0) as gross_return_on_ad_spend,
    joined.spend_discounted_revenue / nullif(cast(joined.spend as double), 0) as discounted_return_on_ad_spend,
    joined.spend_net_revenue / nullif(cast(joined.spend as double), 0) as net_return_on_ad_spend,
    case when joined.spend_costed_net_revenue >= 0.95 * joined.spend_net_revenue
        then joined.spend_margin / nullif(cast(joined.spend as double), 0) end as margin_return_on_ad_spend,
    {% if house == 'margin' -%}
    case when joined.spend_costed_net_revenue >= 0.95 * joined.spend_net_revenue
        then joined.spend_margin / nullif(cast(joined.spend as double), 0) end as return_on_ad_spend
    {%- else -%}
    joined.spend_{{ house }} / nullif(cast(joined.spend as double), 0) as return_on_ad_spend
    {%- endif %}
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
