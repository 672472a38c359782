-- 40 % to the first touch, 40 % to the last, the rest shared equally by those between (shares by vars); a path of two
-- touches splits in proportion to the two end shares, a path of one touch gives it all
{{ config(materialized='view') }}
{% set first, last = var('attribution_position_first'), var('attribution_position_last') %}
select
    conversion_id,
    touch_id,
    case
        when path_length = 1 then cast(1 as double)
        when path_length = 2 and position = 1 then cast({{ first }} as double) / ({{ first }} + {{ last }})
        when path_length = 2 then cast({{ last }} as double) / ({{ first }} + {{ last }})
        when position = 1 then cast({{ first }} as double)
        when position = path_length then cast({{ last }} as double)
        else cast(1 - {{ first }} - {{ last }} as double) / (path_length - 2)
    end as credit
from {{ ref('path_touches') }}
where is_conversion
