with

source as (
    select * from {{ landed('mailchimp', 'members') }} as rows
    where euid is not null
    qualify row_number() over (partition by euid order by last_changed_at desc nulls last, unsubscribed_at desc nulls last, _line) = 1
),

renamed as (
    select
        ---------- ids
        'mailchimp' as channel,
        euid as source_customer_id,
        'subscriber' as record_kind,
        'buyer' as contact_role,
        cast(null as varchar) as national_id,
        cast(null as varchar) as loyalty_id,
        cast(null as varchar) as platform_id,

        ---------- person
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        first_name as given_name,
        last_name as family_name,
        cast(null as varchar) as phone,
        email_address as email,
        cast(null as date) as birth_date,
        cast(null as varchar) as gender,

        ---------- address
        cast(null as varchar) as street,
        cast(null as varchar) as city,
        region,
        cast(null as varchar) as postcode,
        upper(country_code) as country,

        ---------- times
        coalesce(confirmed_at, opted_in_at) as created_at,
        last_changed_at as updated_at
    from source
)

select * from renamed
