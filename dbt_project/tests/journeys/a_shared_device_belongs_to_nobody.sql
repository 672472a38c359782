-- law: above the limit of customers, a device lends its touches to nobody
{{ config(tags=['law']) }}
select touches.touch_id
from {{ ref('customer_touchpoints') }} as touches
inner join {{ ref('devices') }} as devices
    on touches.channel = devices.channel
    and touches.device_id = devices.device_id
where devices.is_shared and touches.resolved_by = 'device'
