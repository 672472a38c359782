-- every touch once, with the customer it belongs to: the one logged in then, else the device's latest log-in
-- within the look-back, else nobody; a shared device belongs to nobody
with

touches as (
    {{ union_shape('touchpoints') }}
),

logged_in as (
    select
        touches.channel,
        touches.touchpoint_id,
        touches.source_customer_id,
        touches.device_id,
        touches.touched_at,
        touches.touch_date,
        touches.source,
        touches.medium,
        touches.campaign,
        touches.touch_type,
        touches.order_id,
        customer_ids.customer_id as login_customer_id,
        case when customer_ids.customer_id is not null then touches.touched_at end as login_at
    from touches
    left join {{ source('identity', 'customer_ids') }} as customer_ids
        on touches.channel = customer_ids.channel
        and touches.source_customer_id = customer_ids.source_customer_id
),

remembered as (
    select
        *,
        last_value(login_customer_id ignore nulls) over device_history as latest_login_customer_id,
        last_value(login_at ignore nulls) over device_history as latest_login_at
    from logged_in
    window device_history as (
        partition by channel, device_id
        order by touched_at, touchpoint_id
        rows between unbounded preceding and current row
    )
),

resolved as (
    select
        remembered.*,
        coalesce(devices.is_shared, false) as is_shared_device,
        case
            when remembered.login_customer_id is not null then 'login'
            when remembered.device_id is null or coalesce(devices.is_shared, false) then 'none'
            when remembered.latest_login_at >= {{ add_days_to_time('remembered.touched_at', '-' ~ var('device_login_lookback_days')) }} then 'device'
            else 'none'
        end as resolved_by
    from remembered
    left join {{ ref('devices') }} as devices
        on remembered.channel = devices.channel
        and remembered.device_id = devices.device_id
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
    end as customer_id,
    resolved.resolved_by,
    resolved.touched_at,
    resolved.touch_date,
    resolved.source,
    resolved.medium,
    resolved.campaign,
    marketing_sources.marketing_channel,
    marketing_sources.is_paid,
    marketing_sources.is_direct,
    resolved.touch_type,
    resolved.order_id
from resolved
inner join {{ ref('marketing_sources') }} as marketing_sources
    on resolved.source is not distinct from marketing_sources.source
    and resolved.medium is not distinct from marketing_sources.medium
