-- the web shop sets the account's id when its customer logs in
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
        'shopify' as linked_channel,
        user_id as linked_customer_id,

        ---------- times
        min(event_at) as linked_at
    from source
    group by user_id
)

select * from {{ in_shape('renamed', 'links') }} as shaped
