-- all credit to the first touch of the path
{{ config(materialized='view') }}
select conversion_id, touch_id, cast(1 as double) as credit
from {{ ref('path_touches') }}
where is_conversion and position = 1
