-- how far each session came, by GA4's recommended events of an online shop; a session that changed hands is one session here
with

source as (
    select * from {{ landed('ga4', 'events') }} as rows
    where user_pseudo_id is not null
),

steps as (
    select
        user_pseudo_id || '.' || coalesce(ga_session_id, cast(event_date as string)) as touchpoint_id,
        case event_name
            when 'view_item' then 'product'
            when 'add_to_cart' then 'cart'
            when 'view_cart' then 'cart'
            when 'begin_checkout' then 'checkout'
            when 'add_shipping_info' then 'checkout'
            when 'add_payment_info' then 'checkout'
            when 'purchase' then 'purchase'
        end as step,
        event_at
    from source
),

renamed as (
    select
        ---------- ids
        'ga4' as channel,
        touchpoint_id,

        ---------- times
        min(event_at) as reached_at,

        ---------- text
        step
    from steps
    where step is not null
    group by touchpoint_id, step
)

select * from {{ in_shape('renamed', 'session_steps') }} as shaped
