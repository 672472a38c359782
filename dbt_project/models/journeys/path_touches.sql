-- the touches of every closed path, converting or null, as the attribution models read them
with

touches as (
    select
        *,
        max(touched_at) over (partition by path_id) as last_touched_at
    from {{ ref('touch_outcomes') }}
    where outcome in ('converted', 'null')
)

select
    touches.path_id,
    touches.conversion_id,
    case when touches.conversion_id is null then touches.path_id end as null_path_id,
    touches.touch_id,
    touches.customer_id,
    touches.customer_id is null as is_anonymous,
    touches.position,
    touches.path_length,
    touches.touched_at,
    touches.hours_before,
    touches.marketing_channel,
    touches.campaign,
    touches.touch_type,
    touches.is_paid,
    touches.is_direct,
    touches.conversion_id is not null as is_conversion,
    coalesce(conversions.conversion_date, {{ business_date('touches.last_touched_at') }}) as path_date,
    conversions.is_new_customer,
    cast(conversions.gross_revenue as double) as conversion_value,
    cast(conversions.net_revenue as double) as conversion_net_value
from touches
left join {{ ref('conversions') }} as conversions
    on touches.conversion_id = conversions.conversion_id
