-- what was spent on advertising per day up to as_of_date, channel, source, medium and campaign, in the reporting currency
with

spend as (
    {{ union_shape('spend') }}
)

select
    spend.channel,
    spend.spend_date,
    spend.source,
    spend.medium,
    spend.campaign,
    marketing_sources.marketing_channel,
    spend.currency,
    cast(sum(spend.spend) as decimal(18, 2)) as spend_amount,
    cast(round(sum(spend.spend * rates.rate), 2) as decimal(18, 2)) as spend,
    cast(sum(spend.impressions) as bigint) as impressions,
    cast(sum(spend.clicks) as bigint) as clicks
from spend
inner join {{ ref('marketing_sources') }} as marketing_sources
    on spend.source is not distinct from marketing_sources.source
    and spend.medium is not distinct from marketing_sources.medium
    and spend.campaign is not distinct from marketing_sources.campaign
left join {{ ref('reporting_rates') }} as rates
    on spend.currency = rates.currency
    and spend.spend_date >= rates.valid_from
    and spend.spend_date < rates.valid_until
where spend.spend_date <= {{ as_of_date() }}
group by
    spend.channel, spend.spend_date, spend.source, spend.medium, spend.campaign, marketing_sources.marketing_channel, spend.currency
