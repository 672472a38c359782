-- what browsers refused by their signals, bound to the device and to every customer record that logged in on it (a shared device binds
-- only who was logged in just then); the newest refusal of each
with

touches as (
    {{ union_shape('touchpoints') }}
),

signalled as (
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, 'gpc' as signal, '' as signal_text
    from touches
    where gpc
    union all
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, 'usp' as signal, usp as signal_text
    from touches
    where usp is not null
    union all
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, 'gpp' as signal, gpp as signal_text
    from touches
    where gpp is not null
    union all
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, 'tcf' as signal, tcf as signal_text
    from touches
    where tcf is not null
),

decoded as (
    select signal_kind, signal_text, refuses_sharing, refuses_ads_matching, refuses_measurement
    from {{ source('identity', 'decoded_signals') }}
    union all
    select 'gpc' as signal_kind, '' as signal_text, true as refuses_sharing, true as refuses_ads_matching, false as refuses_measurement
),

refused as (
    select
        signalled.channel,
        signalled.device_id,
        signalled.source_customer_id,
        signalled.touchpoint_id,
        signalled.touched_at,
        signalled.signal,
        decoded.refuses_sharing,
        decoded.refuses_ads_matching,
        decoded.refuses_measurement
    from signalled
    inner join decoded
        on signalled.signal = decoded.signal_kind
        and signalled.signal_text = decoded.signal_text
),

purposes as (
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, signal, 'sharing' as purpose from refused where refuses_sharing
    union all
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, signal, 'ads_matching' as purpose
    from refused
    where refuses_ads_matching
    union all
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, signal, 'measurement' as purpose
    from refused
    where refuses_measurement
),

log_ins as (
    select distinct touches.channel, touches.device_id, touches.source_customer_id
    from touches
    inner join {{ ref('devices') }} as devices
        on touches.channel = devices.channel
        and touches.device_id = devices.device_id
    where touches.source_customer_id is not null and not devices.is_shared
),

bound as (
    select channel, device_id, source_customer_id, touchpoint_id, touched_at, signal, purpose
    from purposes
    union all
    select
        purposes.channel, purposes.device_id, log_ins.source_customer_id, purposes.touchpoint_id, purposes.touched_at, purposes.signal,
        purposes.purpose
    from purposes
    inner join log_ins
        on purposes.channel = log_ins.channel
        and purposes.device_id = log_ins.device_id
)

select
    channel,
    device_id,
    source_customer_id,
    purpose,
    signal,
    touchpoint_id,
    touched_at as refused_at
from bound
qualify row_number() over (
    partition by channel, device_id, source_customer_id, purpose, signal
    order by touched_at desc, touchpoint_id
) = 1
