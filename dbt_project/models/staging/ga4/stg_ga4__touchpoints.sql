-- one touch per session: where its first event with a source came from; who logs in during a session owns all of it
with

source as (
    select * from {{ landed('ga4', 'events') }} as rows
    where user_pseudo_id is not null
),

sessions as (
    select
        user_pseudo_id,
        coalesce(ga_session_id, cast(event_date as varchar)) as session,
        max(user_id) as user_id,
        min(event_at) as started_at,
        min_by(source, event_at) filter (where source is not null) as source,
        min_by(coalesce(medium, '(none)'), event_at) filter (where source is not null) as medium,
        min_by(campaign, event_at) filter (where source is not null and campaign is not null) as campaign
    from source
    group by user_pseudo_id, coalesce(ga_session_id, cast(event_date as varchar))
),

renamed as (
    select
        ---------- ids
        'ga4' as channel,
        user_pseudo_id || '.' || session as touchpoint_id,
        user_id as source_customer_id,
        user_pseudo_id as device_id,

        ---------- times
        started_at as touched_at,
        {{ business_date('started_at') }} as touch_date,

        ---------- text
        coalesce(source, '(direct)') as source,
        case when source is null then '(none)' else medium end as medium,
        campaign,
        'visit' as touch_type
    from sessions
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
