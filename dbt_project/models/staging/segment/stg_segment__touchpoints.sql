-- only calls that name a campaign are touches
with

source as (
    select * from {{ landed('segment', 'calls') }} as rows
    where campaign_source is not null
),

renamed as (
    select
        ---------- ids
        'segment' as channel,
        message_id as touchpoint_id,
        user_id as source_customer_id,
        anonymous_id as device_id,
        order_id,

        ---------- times
        called_at as touched_at,
        {{ business_date('called_at') }} as touch_date,

        ---------- text
        coalesce(campaign_source, '(direct)') as source,
        case when campaign_source is null then '(none)' else coalesce(campaign_medium, '(none)') end as medium,
        campaign_name as campaign,
        'visit' as touch_type
    from source
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
