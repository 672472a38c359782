-- equal credit to every touch of the path
{{ config(materialized='view') }}
select conversion_id, touch_id, cast(1 as double) / path_length as credit
from {{ ref('path_touches') }}
where is_conversion
