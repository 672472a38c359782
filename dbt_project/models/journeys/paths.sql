-- every path with at least one touch: its channels in order, and what it led to
with

touched as (
    select
        path_id,
        max(conversion_id) as conversion_id,
        max(customer_id) as customer_id,
        max(outcome) as outcome,
        max(path_length) as path_length,
        min(touched_at) as first_touched_at,
        max(touched_at) as last_touched_at,
        bool_and(is_direct) as is_direct_only,
        max(hours_before) as hours_from_first_touch,
        {{ path_text('marketing_channel', 'position') }} as path_text
    from {{ ref('touch_outcomes') }}
    group by path_id
)

select
    touched.path_id,
    touched.conversion_id,
    touched.customer_id,
    touched.outcome,
    coalesce(conversions.converted_at, touched.last_touched_at) as path_at,
    coalesce(conversions.conversion_date, {{ business_date('touched.last_touched_at') }}) as path_date,
    touched.path_length,
    touched.first_touched_at,
    touched.hours_from_first_touch,
    touched.is_direct_only,
    touched.path_text,
    coalesce(conversions.gross_revenue, 0) as gross_revenue,
    coalesce(conversions.net_revenue, 0) as net_revenue
from touched
left join {{ ref('conversions') }} as conversions
    on touched.conversion_id = conversions.conversion_id
