-- every source, medium and campaign that touches or spend name, with its marketing channel: by the retailer's own rows first (the exact
-- pair, then the medium alone, then the source alone), else by the rules of GA4's default channel grouping in their order, else `other`
with

spend as (
    {{ union_shape('spend') }}
),

named as (
    select source, medium, campaign from {{ ref('touches') }}
    union
    select source, medium, campaign from spend
),

normalised as (
    select
        source,
        medium,
        campaign,
        lower(trim(coalesce(source, '(direct)'))) as source_name,
        lower(trim(coalesce(medium, '(none)'))) as medium_name,
        lower(trim(coalesce(campaign, ''))) as campaign_name
    from named
),

source_names as (
    select distinct source_name from normalised
),

-- a listed source is itself, a site of that name (facebook.com, google.co.uk) or a part of one (l.instagram.com); the longest name wins
categorised as (
    select source_names.source_name, categories.category
    from source_names
    inner join {{ ref('source_categories') }} as categories
        on source_names.source_name = categories.source
        or source_names.source_name like categories.source || '.%'
        or source_names.source_name like '%.' || categories.source
        or source_names.source_name like '%.' || categories.source || '.%'
    qualify row_number() over (
        partition by source_names.source_name order by length(categories.source) desc, categories.source
    ) = 1
),

own_rows as (
    select
        normalised.source,
        normalised.medium,
        normalised.campaign,
        channels.marketing_channel,
        channels.is_paid,
        case
            when channels.source <> '*' and channels.medium <> '*' then 1
            when channels.medium <> '*' then 2
            else 3
        end as rank
    from normalised
    inner join {{ ref('marketing_channels') }} as channels
        on (channels.source = normalised.source_name or channels.source = '*')
        and (channels.medium = normalised.medium_name or channels.medium = '*')
),

grouping_rules as (
    select
        normalised.source,
        normalised.medium,
        normalised.campaign,
        rules.marketing_channel,
        rules.is_paid,
        10 + rules.rank as rank
    from normalised
    left join categorised
        on normalised.source_name = categorised.source_name
    inner join {{ ref('channel_grouping') }} as rules
        on (rules.source_category = '*' or rules.source_category = categorised.category)
        and {{ matches_whole('normalised.source_name', 'rules.source') }}
        and {{ matches_whole('normalised.medium_name', 'rules.medium') }}
        and {{ matches_whole('normalised.campaign_name', 'rules.campaign') }}
),

mapped as (
    select source, medium, campaign, marketing_channel, is_paid, rank from own_rows
    union all
    select source, medium, campaign, marketing_channel, is_paid, rank from grouping_rules
),

first_match as (
    select source, medium, campaign, marketing_channel, is_paid
    from mapped
    qualify row_number() over (partition by source, medium, campaign order by rank, marketing_channel) = 1
)

select
    named.source,
    named.medium,
    named.campaign,
    coalesce(first_match.marketing_channel, 'other') as marketing_channel,
    coalesce(first_match.is_paid, false) as is_paid,
    coalesce(first_match.marketing_channel, 'other') = 'direct' as is_direct,
    first_match.marketing_channel is not null as is_mapped
from named
left join first_match
    on named.source is not distinct from first_match.source
    and named.medium is not distinct from first_match.medium
    and named.campaign is not distinct from first_match.campaign
