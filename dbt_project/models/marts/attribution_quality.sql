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

-- what would be credited without identity resolution: where a touch names the order's own record (itself, or by the account
-- that its log-in links to); where a plain join by e-mail address finds it; and where somebody was logged in
touching_records as (
    select
        touches.conversion_id,
        points.resolved_by,
        coalesce(links.linked_channel, points.channel) as channel,
        coalesce(links.linked_customer_id, points.source_customer_id) as source_customer_id
    from {{ ref('path_touches') }} as touches
    inner join {{ ref('customer_touchpoints') }} as points
        on touches.touch_id = points.touch_id
    left join {{ ref('customer_links') }} as links
        on points.channel = links.channel
        and points.source_customer_id = links.source_customer_id
    where touches.is_conversion
),

by_evidence as (
    select
        touching.conversion_id,
        bool_or(touching.channel = orders.channel and touching.source_customer_id = orders.source_customer_id) as has_own_record_touch,
        bool_or(touch_records.email = order_records.email) as has_equal_email_touch,
        bool_or(touching.resolved_by = 'login') as has_login_touch
    from touching_records as touching
    inner join {{ ref('conversions') }} as conversions
        on touching.conversion_id = conversions.conversion_id
    inner join {{ ref('customer_orders') }} as orders
        on conversions.channel = orders.channel
        and conversions.order_id = orders.order_id
    left join {{ source('identity', 'records') }} as order_records
        on orders.channel = order_records.channel
        and orders.source_customer_id = order_records.source_customer_id
    left join {{ source('identity', 'records') }} as touch_records
        on touching.channel = touch_records.channel
        and touching.source_customer_id = touch_records.source_customer_id
    group by touching.conversion_id
),

flags as (
    select
        known.gross_revenue,
        known.has_customer,
        known.has_path,
        known.is_direct_only,
        coalesce(by_evidence.has_own_record_touch, false) as has_own_record_touch,
        coalesce(by_evidence.has_equal_email_touch, false) as has_equal_email_touch,
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
        ('credited_by_equal_email', 'has_equal_email_touch'),
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
