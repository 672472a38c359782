-- law: in = marts + parked, per channel: every line that staging yields stands by its order, or is parked until its order comes
{{ config(tags=['law']) }}
with

counted as (
    select channel, count(*) as staged, 0 as in_marts, 0 as parked
    from (
        {{ union_shape('order_lines') }}
    ) as lines
    group by channel
    union all
    select channel, 0, count(*), 0
    from {{ ref('order_lines') }}
    group by channel
    union all
    select channel, 0, 0, sum(row_count)
    from {{ ref('ops_parked') }}
    where found_in = 'order_lines' and parked_reason = 'no_order'
    group by channel
)

select channel, sum(staged) as staged, sum(in_marts) as in_marts, sum(parked) as parked
from counted
group by channel
having sum(staged) <> sum(in_marts) + sum(parked)
