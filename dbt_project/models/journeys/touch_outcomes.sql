-- every touch, up to as_of_date, of a known, profiled customer on its path: the path of the customer's next conversion if it lies within the
-- window before it, a null path if the window passed without one, censored while it is still open. A touch that names an order
-- of its customer derives from that order, whichever channel reported it: it led to nothing and is on no path;
-- nor is one of a type that cannot be credited (data/reference/touch_types.csv). A touch whose own session
-- ended in an order is on that order's path, whoever it belongs to, and on no other: the order may be anonymous, and so is the path of an
-- order whose customer denied profiling: the purchase event says which visit it ended, and nothing of what the customer did before.
-- An order whose person asked to be forgotten has no path
with

candidates as (
    select
        touches.touch_id,
        touches.customer_id,
        touches.touched_at,
        touches.touch_date,
        touches.marketing_channel,
        touches.campaign,
        touches.touch_type,
        touches.is_paid,
        touches.is_direct,
        touches.order_id,
        session_orders.conversion_id as session_conversion_id,
        {{ attribution_window_days('touches.touch_type') }} as window_days
    from {{ ref('customer_touchpoints') }} as touches
    left join {{ ref('session_orders') }} as session_orders
        on touches.touch_id = session_orders.touch_id
    where touches.touch_date <= {{ as_of_date() }}
        and coalesce(touches.can_be_credited, true)
),

touches as (
    select
        candidates.touch_id,
        candidates.customer_id,
        candidates.touched_at,
        candidates.touch_date,
        candidates.marketing_channel,
        candidates.campaign,
        candidates.touch_type,
        candidates.is_paid,
        candidates.is_direct,
        candidates.window_days
    from candidates
    inner join {{ ref('customer_consents') }} as consents
        on candidates.customer_id = consents.customer_id
    left join (select distinct customer_id, order_id from {{ ref('conversions') }}) as own_orders
        on candidates.customer_id = own_orders.customer_id
        and candidates.order_id = own_orders.order_id
    where {{ may_be_profiled('consents') }}
        and own_orders.order_id is null
        and candidates.session_conversion_id is null
),

-- the order's customer decides whether it may be followed; of an anonymous order there is nobody to follow. Where profiling was denied
-- the visit is counted for the order and for nobody, unless measurement was refused, too
session_touches as (
    select
        candidates.touch_id,
        conversions.conversion_id,
        case when conversions.is_profiled then conversions.customer_id end as customer_id,
        candidates.touched_at,
        conversions.converted_at,
        candidates.marketing_channel,
        candidates.campaign,
        candidates.touch_type,
        candidates.is_paid,
        candidates.is_direct
    from candidates
    inner join {{ ref('conversions') }} as conversions
        on candidates.session_conversion_id = conversions.conversion_id
    left join {{ ref('customer_consents') }} as consents
        on conversions.customer_id = consents.customer_id
    where not coalesce(conversions.is_erased, false)
        and (conversions.customer_id is null or conversions.is_profiled or not coalesce(consents.is_measurement_refused, true))
),

conversions as (
    select conversion_id, customer_id, converted_at
    from {{ ref('conversions') }}
    where is_profiled
),

timeline as (
    select customer_id, touched_at as event_at, 0 as event_order, touch_id as event_id, touch_id, cast(null as string) as conversion_id
    from touches
    union all
    select customer_id, converted_at as event_at, 1 as event_order, conversion_id as event_id, cast(null as string) as touch_id, conversion_id
    from conversions
),

looking_ahead as (
    select
        touch_id,
        {{ ignoring_nulls('first_value', 'conversion_id') }} over (
            partition by customer_id
            order by event_at, event_order, event_id
            rows between current row and unbounded following
        ) as next_conversion_id
    from timeline
),

outcomes as (
    select
        touches.*,
        looking_ahead.next_conversion_id,
        conversions.converted_at,
        case
            when conversions.conversion_id is null
                and touches.touch_date > {{ add_days(as_of_date(), '-touches.window_days') }} then 'censored'
            when conversions.conversion_id is null then 'null'
            when touches.touched_at > {{ add_days_to_time('conversions.converted_at', '-touches.window_days') }} then 'converted'
            else 'null'
        end as outcome
    from touches
    inner join looking_ahead
        on touches.touch_id = looking_ahead.touch_id
    left join conversions
        on looking_ahead.next_conversion_id = conversions.conversion_id
),

placed as (
    select
        case outcome
            when 'converted' then next_conversion_id
            else outcome || ':' || customer_id || ':' || coalesce(next_conversion_id, 'end')
        end as path_id,
        case when outcome = 'converted' then next_conversion_id end as conversion_id,
        customer_id,
        outcome,
        touch_id,
        touched_at,
        marketing_channel,
        campaign,
        touch_type,
        is_paid,
        is_direct,
        case when outcome = 'converted' then {{ seconds_between('touched_at', 'converted_at') }} / 3600.0 end as hours_before
    from outcomes
    union all
    select
        conversion_id as path_id,
        conversion_id,
        customer_id,
        'converted' as outcome,
        touch_id,
        touched_at,
        marketing_channel,
        campaign,
        touch_type,
        is_paid,
        is_direct,
        -- two systems' clocks: a session that seems to begin after its order began with it
        greatest({{ seconds_between('touched_at', 'converted_at') }}, 0) / 3600.0 as hours_before
    from session_touches
)

select
    path_id,
    conversion_id,
    customer_id,
    outcome,
    touch_id,
    cast(row_number() over (partition by path_id order by touched_at, touch_id) as bigint) as position,
    count(*) over (partition by path_id) as path_length,
    touched_at,
    marketing_channel,
    campaign,
    touch_type,
    is_paid,
    is_direct,
    hours_before
from placed
