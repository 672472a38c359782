-- law: in = marts + parked, per channel and order date: every order that staging yields is counted or parked; a parked one says why, has no revenue
-- and is not a conversion, and one that is not parked has its revenue
{{ config(tags=['law']) }}
with

staged as (
    select channel, order_date, count(*) as order_count
    from (
        {{ union_shape('orders') }}
    ) as orders
    group by channel, order_date
),

in_marts as (
    select
        channel,
        order_date,
        count(*) filter (where not is_parked and gross_revenue is not null and net_revenue is not null) as counted,
        count(*) filter (where is_parked and parked_reason is not null and gross_revenue is null and net_revenue is null and not is_conversion) as parked
    from {{ ref('orders') }}
    group by channel, order_date
)

select
    coalesce(staged.channel, in_marts.channel) as channel,
    coalesce(staged.order_date, in_marts.order_date) as order_date,
    staged.order_count,
    in_marts.counted,
    in_marts.parked
from staged
full outer join in_marts
    on staged.channel = in_marts.channel
    and staged.order_date is not distinct from in_marts.order_date
where staged.order_count is distinct from in_marts.counted + in_marts.parked
