-- one touch per visit: calls of a device (of a user, where a server calls) with less than half an hour between them, as GA4 counts its
-- sessions; where its first call with a campaign came from. Somebody else's log-in begins another touch. What only tells who
-- somebody is (identify, alias, group) is no visit
{%- set in_order = ['called_at', 'message_id'] %}
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
        {{ told_first('message_id', in_order) }} as touchpoint_id,
        max(user_id) as user_id,
        max(anonymous_id) as anonymous_id,
        min(called_at) as started_at,
        {{ told_first('campaign_source', in_order) }} as source,
        {{ told_first("coalesce(campaign_medium, '(none)')", in_order, where='campaign_source is not null') }} as medium,
        {{ told_first('campaign_name', in_order) }} as campaign,
        {{ told_first('click_id_type', in_order) }} as click_id_type,
        {{ told_first('purchase_id', in_order) }} as purchase_id,
        bool_or(gpc) as gpc,
        {{ told_first('usp', in_order) }} as usp,
        {{ told_first('gpp', in_order) }} as gpp,
        {{ told_first('tcf', in_order) }} as tcf
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
