-- accounts from the customers export; guests and recipients from the orders export, which names no account
with

accounts as (
    select * from {{ landed('shopify', 'customers') }} as rows
    qualify row_number() over (partition by customer_id order by _line desc) = 1
),

order_rows as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

ordered as (
    select
        order_id,
        max(email) as email,
        max(coalesce(phone, billing_phone)) as phone,
        max(billing_name) as billing_name,
        max(billing_address1) as billing_address1,
        max(billing_city) as billing_city,
        max(coalesce(billing_province_name, billing_province)) as billing_province,
        max(billing_zip) as billing_zip,
        max(billing_country) as billing_country,
        max(shipping_name) as shipping_name,
        max(shipping_phone) as shipping_phone,
        max(shipping_address1) as shipping_address1,
        max(shipping_city) as shipping_city,
        max(coalesce(shipping_province_name, shipping_province)) as shipping_province,
        max(shipping_zip) as shipping_zip,
        max(shipping_country) as shipping_country,
        max(created_at) as created_at
    from order_rows
    group by order_id
),

records as (
    select
        {{ without_apostrophe('customer_id') }} as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,
        nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as full_name,
        first_name as given_name,
        last_name as family_name,
        {{ without_apostrophe('coalesce(phone, address_phone)') }} as phone,
        email,
        address1 as street,
        city,
        coalesce(province, province_code) as region,
        {{ without_apostrophe('zip') }} as postcode,
        coalesce(country_code, country) as country,
        cast(null as timestamp) as created_at
    from accounts
    where customer_id is not null
    union all
    select
        'guest:' || order_id as source_customer_id,
        'guest' as record_kind,
        'buyer' as contact_role,
        billing_name as full_name,
        cast(null as string) as given_name,
        cast(null as string) as family_name,
        {{ without_apostrophe('phone') }} as phone,
        email,
        billing_address1 as street,
        billing_city as city,
        billing_province as region,
        {{ without_apostrophe('billing_zip') }} as postcode,
        billing_country as country,
        created_at
    from ordered
    where email is not null or phone is not null or (billing_name is not null and billing_address1 is not null)
    union all
    select
        'recipient:' || order_id as source_customer_id,
        'guest' as record_kind,
        'recipient' as contact_role,
        shipping_name as full_name,
        cast(null as string) as given_name,
        cast(null as string) as family_name,
        {{ without_apostrophe('shipping_phone') }} as phone,
        cast(null as string) as email,
        shipping_address1 as street,
        shipping_city as city,
        shipping_province as region,
        {{ without_apostrophe('shipping_zip') }} as postcode,
        shipping_country as country,
        created_at
    from ordered
    where lower(trim(shipping_name)) <> lower(trim(billing_name))
        -- who bought it is not known any more: to whom it went is
        or (shipping_name is not null and coalesce(billing_name, email, phone) is null)
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        source_customer_id,
        record_kind,
        contact_role,

        ---------- person
        full_name,
        given_name,
        family_name,
        phone,
        email,

        ---------- address
        street,
        city,
        region,
        postcode,
        country,

        ---------- times
        created_at,
        created_at as updated_at
    from records
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
