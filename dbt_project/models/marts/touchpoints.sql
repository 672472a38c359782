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
    can_be_credited,
    source,
    medium,
    campaign,
    click_id_type,
    marketing_channel,
    is_paid,
    is_direct
from {{ ref('customer_touchpoints') }}
