-- how far the web shop's sessions come: each step counts the sessions that reached it or a later one, as an event may be lost or
-- a page skipped (a purchase without a cart)
with

sessions as (
    select
        touches.touch_id,
        cast(date_trunc('month', touches.touch_date) as date) as month_start,
        touches.marketing_channel,
        coalesce(max(case steps.step when 'product' then 1 when 'cart' then 2 when 'checkout' then 3 when 'purchase' then 4 end), 0) as reached
    from {{ ref('customer_touchpoints') }} as touches
    left join {{ ref('session_steps') }} as steps
        on touches.channel = steps.channel
        and touches.touchpoint_id = steps.touchpoint_id
    where touches.touch_type = 'visit'
        and touches.touch_date <= {{ as_of_date() }}
        and touches.channel in ('{{ var("channels")["session_steps"] | join("', '") }}')
    group by touches.touch_id, cast(date_trunc('month', touches.touch_date) as date), touches.marketing_channel
)

select
    month_start,
    marketing_channel,
    count(*) as sessions,
    count(*) filter (where reached >= 1) as product_sessions,
    count(*) filter (where reached >= 2) as cart_sessions,
    count(*) filter (where reached >= 3) as checkout_sessions,
    count(*) filter (where reached >= 4) as purchase_sessions,
    cast(count(*) filter (where reached >= 4) as double) / count(*) as purchase_share
from sessions
group by month_start, marketing_channel
