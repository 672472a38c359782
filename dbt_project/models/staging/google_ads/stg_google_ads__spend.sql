with

source as (
    select * from {{ landed('google_ads', 'campaigns') }} as rows
),

renamed as (
    select
        ---------- ids
        'google_ads' as channel,
        'google' as source,
        'cpc' as medium,
        campaign,

        ---------- times
        spend_date,

        ---------- money
        currency_code as currency,
        cost as spend,
        impressions,
        clicks
    from source
)

select * from {{ in_shape('renamed', 'spend') }} as shaped
