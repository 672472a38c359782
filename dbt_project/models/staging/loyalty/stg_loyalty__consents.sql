with

source as (
    select * from {{ landed('loyalty', 'members') }} as rows
    where member_id is not null
    qualify row_number() over (partition by member_id order by _line desc) = 1
),

flags as (
    select member_id, joined_at, 'marketing' as purpose, marketing_consent as is_granted from source
    union all
    select member_id, joined_at, 'profiling' as purpose, profiling_consent as is_granted from source
),

renamed as (
    select
        ---------- ids
        'loyalty' as channel,
        member_id as source_customer_id,
        'member' as contact_type,
        member_id as contact_key,

        ---------- text
        purpose,
        case when is_granted then 'granted' else 'denied' end as status,
        'members export' as source,

        ---------- times
        joined_at as recorded_at
    from flags
    where is_granted is not null
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
