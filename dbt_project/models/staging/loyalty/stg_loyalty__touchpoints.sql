-- a card held to the reader at a store's door: an offline touch
with

source as (
    select * from {{ landed('loyalty', 'scans') }} as rows
),

renamed as (
    select
        ---------- ids
        'loyalty' as channel,
        scan_id as touchpoint_id,
        member_id as source_customer_id,

        ---------- times
        scanned_at as touched_at,
        {{ business_date('scanned_at') }} as touch_date,

        ---------- text
        'store' as source,
        'store_visit' as medium,
        'scan' as touch_type
    from source
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
