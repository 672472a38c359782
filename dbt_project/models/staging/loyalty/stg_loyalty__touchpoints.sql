-- a card held to the reader at a store's door, a coupon handed out, a group joined, a call to customer service: offline touches
with

scans as (
    select * from {{ landed('loyalty', 'scans') }} as rows
),

contacts as (
    select * from {{ landed('loyalty', 'contacts') }} as rows
),

met as (
    select
        scan_id as touchpoint_id,
        member_id,
        scanned_at as touched_at,
        'store' as source,
        'store_visit' as medium,
        'scan' as touch_type,
        cast(null as string) as campaign
    from scans
    union all
    select
        contact_id as touchpoint_id,
        member_id,
        contacted_at as touched_at,
        case kind when 'coupon' then 'store' when 'group' then 'community' else 'service' end as source,
        case kind when 'coupon' then 'coupon' when 'group' then 'social' else 'service' end as medium,
        case kind when 'coupon' then 'coupon_handout' when 'group' then 'group_join' when 'service' then 'service_contact' else kind end as touch_type,
        subject as campaign
    from contacts
),

renamed as (
    select
        ---------- ids
        'loyalty' as channel,
        touchpoint_id,
        member_id as source_customer_id,

        ---------- times
        touched_at,
        {{ business_date('touched_at') }} as touch_date,

        ---------- text
        source,
        medium,
        campaign,
        touch_type
    from met
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
