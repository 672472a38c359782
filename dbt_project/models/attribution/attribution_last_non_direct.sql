-- all credit to the last touch that is not direct; where all are direct, to the last
select conversion_id, touch_id, cast(1 as double) as credit
from {{ ref('path_touches') }}
where is_conversion
qualify row_number() over (
    partition by conversion_id
    order by case when is_direct then 1 else 0 end, position desc
) = 1
