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
        cast(null as varchar) as national_id,
        cast(null as varchar) as loyalty_id,
        cast(null as varchar) as platform_id,

        ---------- person
        cast(null as varchar) as full_name,
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
        min(event_at) as created_at,
        max(event_at) as updated_at
    from source
    group by user_id
)

select * from renamed
