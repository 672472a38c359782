with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
    where customer_id is not null
),

renamed as (
    select
        ---------- ids
        'online_retail' as channel,
        {{ online_retail_customer_id() }} as source_customer_id,
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
        max_by(country, invoiced_at) as country,

        ---------- times
        min(invoiced_at) as created_at,
        max(invoiced_at) as updated_at
    from source
    group by {{ online_retail_customer_id() }}
)

select * from renamed
