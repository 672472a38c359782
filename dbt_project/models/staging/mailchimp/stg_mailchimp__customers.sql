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

        ---------- person
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        first_name as given_name,
        last_name as family_name,
        email_address as email,

        ---------- address
        region,
        upper(country_code) as country,

        ---------- times
        coalesce(confirmed_at, opted_in_at) as created_at,
        last_changed_at as updated_at
    from source
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
