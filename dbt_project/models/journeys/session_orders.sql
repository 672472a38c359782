-- which order a touch's own session ended in, as its purchase event says: by the order's id, else by the number that the channel shows for
-- it; of several orders with that number, the one nearest in time. An order outside the touch's window is another of the same number
with

named as (
    select
        touch_id,
        touched_at,
        ends_in_channel,
        ends_in_order_id,
        lower({{ regexp_remove('ends_in_order_id', '[^0-9A-Za-z]') }}) as order_number,
        {{ attribution_window_days('touch_type') }} as window_days
    from {{ ref('customer_touchpoints') }}
    where ends_in_order_id is not null
        and touch_date <= {{ as_of_date() }}
),

orders as (
    select
        conversions.conversion_id,
        conversions.channel,
        conversions.order_id,
        lower({{ regexp_remove('orders.order_number', '[^0-9A-Za-z]') }}) as order_number,
        conversions.converted_at
    from {{ ref('conversions') }} as conversions
    inner join {{ ref('customer_orders') }} as orders
        on conversions.channel = orders.channel
        and conversions.order_id = orders.order_id
)

select named.touch_id, orders.conversion_id, orders.converted_at
from named
inner join orders
    on named.ends_in_channel = orders.channel
    and (named.ends_in_order_id = orders.order_id or named.order_number = orders.order_number)
    and orders.converted_at > {{ add_days_to_time('named.touched_at', '-1') }}
    and named.touched_at > {{ add_days_to_time('orders.converted_at', '-named.window_days') }}
qualify row_number() over (
    partition by named.touch_id
    order by
        case when named.ends_in_order_id = orders.order_id then 0 else 1 end,
        abs({{ seconds_between('named.touched_at', 'orders.converted_at') }}),
        orders.conversion_id
) = 1
