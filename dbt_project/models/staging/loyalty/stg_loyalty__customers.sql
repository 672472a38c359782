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
        cast(null as varchar) as national_id,
        member_id as loyalty_id,
        cast(null as varchar) as platform_id,

        ---------- person
        full_name,
        cast(null as varchar) as given_name,
        cast(null as varchar) as family_name,
        phone,
        email,
        birth_date,
        lower(gender) as gender,

        ---------- address
        address as street,
        city,
        cast(null as varchar) as region,
        postcode,
        country,

        ---------- times
        joined_at as created_at,
        joined_at as updated_at
    from source
)

select * from renamed
