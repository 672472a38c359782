-- every touch of a known, profiled customer, on its path and with what the path led to
{{ config(materialized='view') }}
select
    touch_id,
    path_id,
    conversion_id,
    customer_id,
    outcome,
    position,
    path_length,
    touched_at,
    marketing_channel,
    campaign,
    touch_type,
    is_paid,
    is_direct,
    hours_before
from {{ ref('touch_outcomes') }}
