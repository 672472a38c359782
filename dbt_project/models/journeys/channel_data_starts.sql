-- the first date from which each sales channel's orders are in the data: the first order date with another one within thirty days, so that
-- a single date long before the rest begins nothing (and orders of a stray date, which are parked, nothing either); where no two dates lie so close, the first
with

order_dates as (
    select distinct channel, order_date
    from {{ ref('customer_orders') }}
    where order_date <= {{ as_of_date() }} and parked_reason is distinct from 'stray_date'
),

followed as (
    select
        channel,
        order_date,
        lead(order_date) over (partition by channel order by order_date) as next_date
    from order_dates
)

select
    channel,
    coalesce(
        min(case when next_date <= {{ add_days('order_date', 30) }} then order_date end),
        min(order_date)
    ) as data_start_date
from followed
group by channel
