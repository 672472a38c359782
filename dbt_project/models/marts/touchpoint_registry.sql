-- every point where people and retailer meet: of the touches that each channel tells, and of the advertisements that only numbers tell of.
-- Identified: the customer is known; reachable: that customer may be sent marketing; credited: by last non-direct touch
with

credited as (
    select
        touches.channel,
        touches.touch_type,
        {{ exact_sum('credits.credit') }} as credited_conversions,
        {{ exact_sum('credits.net_revenue') }} as credited_net_revenue
    from {{ ref('credited_conversions') }} as credits
    inner join {{ ref('customer_touchpoints') }} as touches
        on credits.touch_id = touches.touch_id
    where credits.attribution_model = 'last_non_direct'
    group by touches.channel, touches.touch_type
),

seen as (
    select
        touches.channel,
        touches.touch_type,
        min(touches.touch_date) as first_seen_date,
        max(touches.touch_date) as last_seen_date,
        count(*) as events,
        count(touches.customer_id) as identified_events,
        count(case when consents.is_marketing_allowed then touches.customer_id end) as reachable_events
    from {{ ref('customer_touchpoints') }} as touches
    left join {{ ref('customer_consents') }} as consents
        on touches.customer_id = consents.customer_id
    where touches.touch_date <= {{ as_of_date() }}
    group by touches.channel, touches.touch_type
),

advertised as (
    select channel, spend_date, 'ad_impression' as touch_type, impressions as events from {{ ref('daily_spend') }}
    union all
    select channel, spend_date, 'ad_click' as touch_type, clicks as events from {{ ref('daily_spend') }}
),

counted as (
    select
        channel,
        touch_type,
        min(spend_date) as first_seen_date,
        max(spend_date) as last_seen_date,
        cast(coalesce(sum(events), 0) as bigint) as events,
        cast(0 as bigint) as identified_events,
        cast(0 as bigint) as reachable_events
    from advertised
    where events > 0
    group by channel, touch_type
),

points as (
    select channel, touch_type, first_seen_date, last_seen_date, events, identified_events, reachable_events from seen
    union all
    select channel, touch_type, first_seen_date, last_seen_date, events, identified_events, reachable_events from counted
)

select
    points.channel,
    points.touch_type,
    coalesce(touch_types.kind, 'unknown') as kind,
    touch_types.owner,
    coalesce(touch_types.can_be_credited, true) as can_be_credited,
    points.first_seen_date,
    points.last_seen_date,
    points.events,
    points.identified_events,
    cast(points.identified_events as double) / nullif(points.events, 0) as identified_share,
    points.reachable_events,
    cast(points.reachable_events as double) / nullif(points.events, 0) as reachable_share,
    coalesce(credited.credited_conversions, 0) as credited_conversions,
    coalesce(credited.credited_net_revenue, 0) as credited_net_revenue
from points
left join {{ ref('touch_types') }} as touch_types
    on points.touch_type = touch_types.touch_type
left join credited
    on points.channel = credited.channel
    and points.touch_type = credited.touch_type
