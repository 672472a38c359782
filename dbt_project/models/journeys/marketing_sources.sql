-- every source and medium that touches or spend name, with the marketing channel that the reference list maps it to:
-- the exact pair first, then the medium alone, then the source alone, else `other`
with

touches as (
    {{ union_shape('touchpoints') }}
),

spend as (
    {{ union_shape('spend') }}
),

named as (
    select source, medium from touches
    union
    select source, medium from spend
),

normalised as (
    select
        source,
        medium,
        lower(trim(coalesce(source, '(direct)'))) as source_name,
        lower(trim(coalesce(medium, '(none)'))) as medium_name
    from named
)

select
    normalised.source,
    normalised.medium,
    coalesce(channels.marketing_channel, 'other') as marketing_channel,
    coalesce(channels.is_paid, false) as is_paid,
    coalesce(channels.marketing_channel, 'other') = 'direct' as is_direct,
    channels.marketing_channel is not null as is_mapped
from normalised
left join {{ ref('marketing_channels') }} as channels
    on (channels.source = normalised.source_name or channels.source = '*')
    and (channels.medium = normalised.medium_name or channels.medium = '*')
qualify row_number() over (
    partition by normalised.source, normalised.medium
    order by
        case
            when channels.source <> '*' and channels.medium <> '*' then 1
            when channels.medium <> '*' then 2
            else 3
        end,
        channels.marketing_channel
) = 1
