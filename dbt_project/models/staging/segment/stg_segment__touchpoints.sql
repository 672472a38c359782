-- one touch per visit: calls of a device (of a user, where a server calls) with less than half an hour between them, as GA4 counts its
-- sessions; where its first call with a campaign came from. Somebody else's log-in begins another touch. What only tells who
-- somebody is (identify, alias, group) is no visit
with

source as (
    select * from {{ landed('segment', 'calls') }} as rows
    where coalesce(anonymous_id, user_id) is not null
),

calls as (
    select
        coalesce(anonymous_id, 'user ' || user_id) as visitor,
        anonymous_id,
        user_id,
        message_id,
        called_at,
        call_type,
        campaign_source,
        campaign_medium,
        campaign_name,
        {{ click_id_type('page_url') }} as click_id_type,
        lower(gpc) in ('1', 'true') as gpc,
        usp,
        gpp,
        tcf,
        case when lower(event_name) in ('order completed', 'order placed', 'checkout completed') then order_id end as purchase_id,
        lag(called_at) over (
            partition by coalesce(anonymous_id, 'user ' || user_id) order by called_at, message_id
        ) as previous_at,
        {{ ignoring_nulls('lag', 'user_id') }} over (
            partition by coalesce(anonymous_id, 'user ' || user_id) order by called_at, message_id
        ) as previous_user_id
    from source
),

numbered as (
    select
        *,
        sum(case
            when previous_at is null or {{ seconds_between('previous_at', 'called_at') }} > 1800 then 1
            when user_id <> previous_user_id then 1
            else 0
        end) over (partition by visitor order by called_at, message_id rows between unbounded preceding and current row) as visit_number
    from calls
),

visits as (
    select
        min_by(message_id, called_at) as touchpoint_id,
        max(user_id) as user_id,
        max(anonymous_id) as anonymous_id,
        min(called_at) as started_at,
        min_by(campaign_source, called_at) filter (where campaign_source is not null) as source,
        min_by(coalesce(campaign_medium, '(none)'), called_at) filter (where campaign_source is not null) as medium,
        min_by(campaign_name, called_at) filter (where campaign_name is not null) as campaign,
        min_by(click_id_type, called_at) filter (where click_id_type is not null) as click_id_type,
        min_by(purchase_id, called_at) filter (where purchase_id is not null) as purchase_id,
        bool_or(gpc) as gpc,
        min_by(usp, called_at) filter (where usp is not null) as usp,
        min_by(gpp, called_at) filter (where gpp is not null) as gpp,
        min_by(tcf, called_at) filter (where tcf is not null) as tcf
    from numbered
    group by visitor, visit_number
    having bool_or(call_type in ('page', 'screen', 'track'))
),

renamed as (
    select
        ---------- ids
        'segment' as channel,
        touchpoint_id,
        user_id as source_customer_id,
        anonymous_id as device_id,
        case when purchase_id is not null then 'shopify' end as ends_in_channel,
        purchase_id as ends_in_order_id,

        ---------- times
        started_at as touched_at,
        {{ business_date('started_at') }} as touch_date,

        ---------- text
        coalesce(source, '(direct)') as source,
        case when source is null then '(none)' else medium end as medium,
        campaign,
        'visit' as touch_type,
        click_id_type,
        gpc,
        usp,
        gpp,
        tcf
    from visits
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
