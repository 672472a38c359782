-- every touch of every channel once, with the customer it belongs to, if any
{{ config(materialized='view') }}
select
    touch_id,
    channel,
    touchpoint_id,
    customer_id,
    device_id,
    resolved_by,
    touched_at,
    touch_date,
    touch_type,
    source,
    medium,
    campaign,
    marketing_channel,
    is_paid,
    is_direct
from {{ ref('customer_touchpoints') }}
