-- law: every touch of staging stands in marts once; on paths a touch serves one conversion at most
{{ config(tags=['law']) }}
with

staged as (
    select channel || ':' || touchpoint_id as touch_id
    from (
        {{ union_shape('touchpoints') }}
    ) as touches
),

counted as (
    select coalesce(staged.touch_id, touches.touch_id) as touch_id, count(staged.touch_id) as staged_count, count(touches.touch_id) as mart_count
    from staged
    full outer join {{ ref('touchpoints') }} as touches
        on staged.touch_id = touches.touch_id
    group by 1
)

select touch_id, staged_count, mart_count
from counted
where staged_count <> 1 or mart_count <> 1
union all
select touch_id, 1 as staged_count, count(*) as mart_count
from {{ ref('attribution_touches') }}
group by touch_id
having count(*) > 1
