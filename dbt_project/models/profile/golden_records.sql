-- one row per customer: the surviving values, first and last seen, and where the customer is known
with

members as (
    select
        customer_ids.customer_id,
        customer_ids.channel,
        customer_ids.record_kind,
        records.created_at,
        records.updated_at
    from {{ source('identity', 'customer_ids') }} as customer_ids
    left join {{ ref('customer_records') }} as records
        on customer_ids.channel = records.channel
        and customer_ids.source_customer_id = records.source_customer_id
),

known as (
    select
        customer_id,
        count(*) as record_count,
        count(*) filter (where record_kind in ('account', 'member')) as account_count,
        count(distinct channel) as channel_count,
        {{ joined_text('channel', ', ') }} as channels,
        min(created_at) as first_record_at,
        max(coalesce(updated_at, created_at)) as last_record_at
    from members
    group by customer_id
),

surviving as (
    select
        customer_id,
        max(case when attribute = 'full_name' then attribute_value end) as full_name,
        max(case when attribute = 'given_name' then attribute_value end) as given_name,
        max(case when attribute = 'family_name' then attribute_value end) as family_name,
        max(case when attribute = 'phone' then attribute_value end) as phone,
        max(case when attribute = 'email' then attribute_value end) as email,
        max(case when attribute = 'birth_date' then attribute_value end) as birth_date,
        max(case when attribute = 'gender' then attribute_value end) as gender,
        max(case when attribute = 'address' then channel end) as address_channel,
        max(case when attribute = 'address' then source_customer_id end) as address_source_customer_id
    from {{ ref('golden_values') }}
    group by customer_id
)

select
    known.customer_id,
    surviving.full_name,
    surviving.given_name,
    surviving.family_name,
    surviving.phone,
    surviving.email,
    cast(surviving.birth_date as date) as birth_date,
    surviving.gender,
    addresses.street,
    addresses.city,
    addresses.region,
    addresses.postcode,
    coalesce(placed.country_key, addresses.country) as country, -- its code, where the channel writes its name
    known.record_count,
    known.account_count,
    known.channel_count,
    known.channels,
    known.first_record_at,
    known.last_record_at
from known
left join surviving
    on known.customer_id = surviving.customer_id
left join {{ ref('customer_records') }} as addresses
    on surviving.address_channel = addresses.channel
    and surviving.address_source_customer_id = addresses.source_customer_id
left join {{ source('identity', 'customer_ids') }} as address_ids
    on addresses.channel = address_ids.channel
    and addresses.source_customer_id = address_ids.source_customer_id
left join {{ source('identity', 'records') }} as placed
    on address_ids.record_key = placed.record_key
