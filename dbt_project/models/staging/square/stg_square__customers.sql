-- the till's customer directory as its sales name it: one row per customer id, the latest name winning
with

source as (
    select * from {{ landed('square', 'items') }} as rows
    where customer_id is not null
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        customer_id as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,
        cast(null as varchar) as national_id,
        max(customer_reference_id) as loyalty_id,
        cast(null as varchar) as platform_id,

        ---------- person
        max_by(customer_name, sold_at) filter (where customer_name is not null) as full_name,
        cast(null as varchar) as given_name,
        cast(null as varchar) as family_name,
        cast(null as varchar) as phone,
        cast(null as varchar) as email,
        cast(null as date) as birth_date,
        cast(null as varchar) as gender,

        ---------- address
        cast(null as varchar) as street,
        cast(null as varchar) as city,
        cast(null as varchar) as region,
        cast(null as varchar) as postcode,
        cast(null as varchar) as country,

        ---------- times
        min(sold_at) as created_at,
        max(sold_at) as updated_at
    from source
    group by customer_id
)

select * from renamed
