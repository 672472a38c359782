-- each device that was seen up to as_of_date, with how many customers logged in on it: a shared one belongs to nobody
with

touches as (
    {{ union_shape('touchpoints') }}
)

select
    touches.channel,
    touches.device_id,
    count(*) as touch_count,
    count(distinct customer_ids.customer_id) as customer_count,
    count(distinct customer_ids.customer_id) > {{ var('device_max_customers') }} as is_shared,
    min(touches.touched_at) as first_seen_at,
    max(touches.touched_at) as last_seen_at,
    max(case when customer_ids.customer_id is not null then touches.touched_at end) as last_login_at
from touches
left join {{ source('identity', 'customer_ids') }} as customer_ids
    on touches.channel = customer_ids.channel
    and touches.source_customer_id = customer_ids.source_customer_id
where touches.device_id is not null
    and touches.touch_date <= {{ as_of_date() }}
group by touches.channel, touches.device_id
