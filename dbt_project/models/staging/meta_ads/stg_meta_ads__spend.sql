-- ads are summed to campaigns: the scorecard knows no finer grain
with

source as (
    select * from {{ landed('meta_ads', 'ads') }} as rows
),

renamed as (
    select
        ---------- ids
        'meta_ads' as channel,

        ---------- times
        spend_date,

        ---------- money
        currency_code as currency,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,

        ---------- text
        'facebook' as source,
        'cpc' as medium,
        campaign
    from source
    group by spend_date, campaign, currency_code
)

select * from {{ in_shape('renamed', 'spend') }} as shaped
