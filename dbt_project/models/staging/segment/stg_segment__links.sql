-- the shop's own customer id is what it passes to identify()
with

source as (
    select * from {{ landed('segment', 'calls') }} as rows
    where user_id is not null
),

renamed as (
    select
        ---------- ids
        'segment' as channel,
        user_id as source_customer_id,
        'shopify' as linked_channel,
        user_id as linked_customer_id,

        ---------- times
        min(called_at) as linked_at
    from source
    group by user_id
)

select * from {{ in_shape('renamed', 'links') }} as shaped
