-- how much of what was sold attribution can explain, and how much of that identity resolution makes possible
with

known as (
    select
        conversions.conversion_id,
        conversions.gross_revenue,
        conversions.customer_id is not null as has_customer,
        paths.conversion_id is not null as has_path,
        coalesce(paths.is_direct_only, false) as is_direct_only
    from {{ ref('conversions') }} as conversions
    left join {{ ref('paths') }} as paths
        on conversions.conversion_id = paths.conversion_id
),

-- what would be credited had each record stayed alone, and had no device lent its log-in
by_evidence as (
    select
        touches.conversion_id,
        bool_or(points.channel = orders.channel and points.source_customer_id = orders.source_customer_id) as has_own_record_touch,
        bool_or(points.resolved_by = 'login') as has_login_touch
    from {{ ref('path_touches') }} as touches
    inner join {{ ref('customer_touchpoints') }} as points
        on touches.touch_id = points.touch_id
    inner join {{ ref('conversions') }} as conversions
        on touches.conversion_id = conversions.conversion_id
    inner join {{ ref('customer_orders') }} as orders
        on conversions.channel = orders.channel
        and conversions.order_id = orders.order_id
    where touches.is_conversion
    group by touches.conversion_id
),

flags as (
    select
        known.gross_revenue,
        known.has_customer,
        known.has_path,
        known.is_direct_only,
        coalesce(by_evidence.has_own_record_touch, false) as has_own_record_touch,
        coalesce(by_evidence.has_login_touch, false) as has_login_touch
    from known
    left join by_evidence
        on known.conversion_id = by_evidence.conversion_id
),

measured as (
    {%- for metric, condition in [
        ('unattributed', 'not has_path'),
        ('without_customer', 'not has_customer'),
        ('direct_only', 'is_direct_only'),
        ('credited_before_identity_resolution', 'has_own_record_touch'),
        ('credited_by_log_in_alone', 'has_login_touch'),
        ('credited_after_identity_resolution', 'has_path'),
    ] %}
    select
        '{{ metric }}' as metric,
        count(*) filter (where {{ condition }}) as conversions,
        cast(coalesce(sum(gross_revenue) filter (where {{ condition }}), 0) as decimal(18, 2)) as gross_revenue,
        count(*) as all_conversions,
        cast(coalesce(sum(gross_revenue), 0) as decimal(18, 2)) as all_gross_revenue
    from flags
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    metric,
    conversions,
    cast(conversions as double) / nullif(all_conversions, 0) as conversion_share,
    gross_revenue,
    cast(gross_revenue as double) / nullif(cast(all_gross_revenue as double), 0) as gross_revenue_share
from measured
