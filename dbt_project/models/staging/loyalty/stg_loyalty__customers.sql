with

source as (
    select * from {{ landed('loyalty', 'members') }} as rows
    where member_id is not null
    qualify row_number() over (partition by member_id order by _line desc) = 1
),

renamed as (
    select
        ---------- ids
        'loyalty' as channel,
        member_id as source_customer_id,
        'member' as record_kind,
        'buyer' as contact_role,
        member_id as loyalty_id,

        ---------- person
        full_name,
        phone,
        email,
        birth_date,
        lower(gender) as gender,
        document_number as national_id,

        ---------- address
        address as street,
        city,
        postcode,
        country,

        ---------- times
        joined_at as opened_at,
        joined_at as created_at,
        joined_at as updated_at
    from source
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
