-- law: a touch whose type cannot be credited is on no path, and the registry holds every touch
{{ config(tags=['law']) }}
select touch_id as found
from {{ ref('attribution_touches') }} as paths
inner join {{ ref('touchpoints') }} as touches
    using (touch_id)
where not touches.can_be_credited
union all
select 'touches missing' as found
from (
    select
        (select count(*) from {{ ref('touchpoints') }} where touch_date <= {{ as_of_date() }}) as touches,
        (select coalesce(sum(events), 0) from {{ ref('touchpoint_registry') }} where touch_type not in ('ad_impression', 'ad_click')) as in_registry
) as counted
where touches <> in_registry
