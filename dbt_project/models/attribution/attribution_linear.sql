-- equal credit to every touch of the path
select conversion_id, touch_id, cast(1 as double) / touch_count as credit
from {{ ref('path_touches') }}
where outcome = 'converted'
