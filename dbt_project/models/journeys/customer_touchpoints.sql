-- every touch once, with the customer it belongs to: the one logged in then, else the device's latest log-in within the look-back,
-- else the device's next log-in within its window, else nobody. A shared device belongs to nobody, and neither device nor customer is
-- looked ahead for where it refused profiling
{%- set key = ['channel', device_or_touch()] %}
{%- set follows = followed_shape('touchpoints', key) %}
{%- do follows.update({
    'touches': key,
    'devices': "select channel, 'device ' || device_id from {changed}",
    'marketing_sources': "select channel, " ~ device_or_touch() ~ " from {touches} as touches semi join {changed} as changed "
        "on touches.source is not distinct from changed.source and touches.medium is not distinct from changed.medium "
        "and touches.campaign is not distinct from changed.campaign",
    'customer_ids': "select touches.channel, " ~ device_or_touch('touches.') ~ " from {touches} as touches semi join {changed} as changed "
        "on touches.channel = changed.channel and touches.source_customer_id = changed.source_customer_id",
    'customer_consents': "select touches.channel, " ~ device_or_touch('touches.') ~ " from {touches} as touches "
        "inner join {customer_ids} as ids on touches.channel = ids.channel and touches.source_customer_id = ids.source_customer_id "
        "semi join {changed} as changed on ids.customer_id = changed.customer_id",
    'as_of_date': "select channel, " ~ device_or_touch() ~ " from {touches} where touch_date > least({was}, {now})",
}) %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows}) }}
with

logged_in as (
    select
        touches.*,
        touches.touch_date <= {{ as_of_date() }} as is_known_by_then,
        customer_ids.customer_id as login_customer_id,
        -- what comes after as_of_date is not known yet
        case when touches.touch_date <= {{ as_of_date() }} then customer_ids.customer_id end as lent_customer_id,
        case when touches.touch_date <= {{ as_of_date() }} and customer_ids.customer_id is not null then touches.touched_at end as lent_at
    from {{ ref('touches') }} as touches
    left join {{ source('identity', 'customer_ids') }} as customer_ids
        on touches.channel = customer_ids.channel
        and touches.source_customer_id = customer_ids.source_customer_id
),

signed_in as (
    select
        *,
        {{ ignoring_nulls('last_value', 'lent_customer_id') }} over device_before as latest_login_customer_id,
        {{ ignoring_nulls('last_value', 'lent_at') }} over device_before as latest_login_at,
        {{ ignoring_nulls('first_value', 'lent_customer_id') }} over device_after as next_login_customer_id,
        {{ ignoring_nulls('first_value', 'lent_at') }} over device_after as next_login_at
    from logged_in
    window
        device_before as (
            partition by channel, device_id
            order by touched_at, touchpoint_id
            rows between unbounded preceding and current row
        ),
        device_after as (
            partition by channel, device_id
            order by touched_at, touchpoint_id
            rows between current row and unbounded following
        )
),

resolved as (
    select
        signed_in.*,
        coalesce(devices.is_shared, false) as is_shared_device,
        case
            when signed_in.login_customer_id is not null then 'login'
            when signed_in.device_id is null or coalesce(devices.is_shared, false) then 'none'
            when signed_in.latest_login_at >= {{ add_days_to_time('signed_in.touched_at', '-' ~ var('device_login_lookback_days')) }} then 'device'
            {%- if var('device_next_login_days') > 0 %}
            when signed_in.next_login_at <= {{ add_days_to_time('signed_in.touched_at', var('device_next_login_days')) }}
                and not signed_in.has_refused_profiling
                and {{ may_be_profiled('consents') }} then 'next_login'
            {%- endif %}
            else 'none'
        end as resolved_by
    from signed_in
    left join {{ ref('devices') }} as devices
        on signed_in.channel = devices.channel
        and signed_in.device_id = devices.device_id
    left join {{ ref('customer_consents') }} as consents
        on signed_in.next_login_customer_id = consents.customer_id
)

select
    resolved.channel || ':' || resolved.touchpoint_id as touch_id,
    resolved.channel,
    resolved.touchpoint_id,
    resolved.source_customer_id,
    resolved.device_id,
    case resolved.resolved_by
        when 'login' then resolved.login_customer_id
        when 'device' then resolved.latest_login_customer_id
        when 'next_login' then resolved.next_login_customer_id
    end as customer_id,
    resolved.resolved_by,
    resolved.touched_at,
    resolved.touch_date,
    resolved.source,
    resolved.medium,
    resolved.campaign,
    resolved.click_id_type,
    marketing_sources.marketing_channel,
    marketing_sources.is_paid,
    marketing_sources.is_direct,
    resolved.touch_type,
    coalesce(touch_types.can_be_credited, true) as can_be_credited,
    resolved.order_id,
    resolved.ends_in_channel,
    resolved.ends_in_order_id
from resolved
inner join {{ ref('marketing_sources') }} as marketing_sources
    on resolved.source is not distinct from marketing_sources.source
    and resolved.medium is not distinct from marketing_sources.medium
    and resolved.campaign is not distinct from marketing_sources.campaign
left join {{ ref('touch_types') }} as touch_types
    on resolved.touch_type = touch_types.touch_type
