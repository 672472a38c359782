-- law: a path's touches lie in (max(previous conversion, t − window), t] of the same customer
{{ config(tags=['law']) }}
with

windowed as (
    select
        conversion_id,
        customer_id,
        converted_at,
        lag(converted_at) over (partition by customer_id order by converted_at, conversion_id) as previous_at
    from {{ ref('conversions') }}
    where customer_id is not null
)

select touches.touch_id, touches.conversion_id
from {{ ref('attribution_touches') }} as touches
inner join windowed
    on touches.conversion_id = windowed.conversion_id
where touches.customer_id <> windowed.customer_id
    or touches.touched_at > windowed.converted_at
    or touches.touched_at <= windowed.previous_at
    or touches.touched_at <= {{ add_days_to_time('windowed.converted_at', '-(' ~ attribution_window_days('touches.touch_type') ~ ')') }}
