-- law: a path's touches lie in (max(previous conversion, t − window), t] of the same customer; a touch that is there because its own
-- session ended in the order lies in the window, at most a day after the order by another system's clock
{{ config(tags=['law']) }}
with

windowed as (
    select
        conversion_id,
        customer_id,
        converted_at,
        lag(converted_at) over (partition by customer_id order by converted_at, conversion_id) as previous_at
    from {{ ref('conversions') }}
)

select touches.touch_id, touches.conversion_id
from {{ ref('attribution_touches') }} as touches
inner join windowed
    on touches.conversion_id = windowed.conversion_id
left join {{ ref('session_orders') }} as session_orders
    on touches.touch_id = session_orders.touch_id
    and touches.conversion_id = session_orders.conversion_id
where (touches.customer_id is distinct from windowed.customer_id and touches.customer_id is not null)
    or (touches.customer_id is null and session_orders.touch_id is null)
    or touches.touched_at <= {{ add_days_to_time('windowed.converted_at', '-(' ~ attribution_window_days('touches.touch_type') ~ ')') }}
    or touches.touched_at > {{ add_days_to_time('windowed.converted_at', 1) }}
    or (session_orders.touch_id is null and (touches.touched_at > windowed.converted_at or touches.touched_at <= windowed.previous_at))
