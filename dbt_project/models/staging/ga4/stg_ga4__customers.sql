-- a log-in on the web is a record without evidence of its own: the link to the shop's account is what it knows
with

source as (
    select * from {{ landed('ga4', 'events') }} as rows
    where user_id is not null
),

renamed as (
    select
        ---------- ids
        'ga4' as channel,
        user_id as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,

        ---------- times
        min(event_at) as created_at,
        max(event_at) as updated_at
    from source
    group by user_id
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
