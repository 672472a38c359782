-- every e-mail, phone and platform id that a customer record carries, in the spelling that it is reached by
with

records as (
    select
        customer_ids.customer_id,
        customer_ids.record_key,
        customer_records.channel,
        nullif({{ plain_address('customer_records.email') }}, '') as email,
        nullif(trim(customer_records.phone), '') as phone,
        nullif(trim(customer_records.platform_id), '') as platform_id,
        normalised.email as normal_email,
        normalised.phone as normal_phone,
        coalesce(normalised.is_email_relay, false) as is_email_relay,
        coalesce(normalised.is_email_unreadable, false) as is_email_unreadable,
        customer_records.created_at,
        coalesce(customer_records.updated_at, customer_records.created_at) as updated_at
    from {{ ref('customer_records') }} as customer_records
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on customer_records.channel = customer_ids.channel
        and customer_records.source_customer_id = customer_ids.source_customer_id
    left join {{ source('identity', 'records') }} as normalised
        on customer_ids.record_key = normalised.record_key
),

-- plus tags and dots stay: platforms hash the address that people gave, each in its own way
emails as (
    select
        customer_id, record_key, channel, 'email' as contact_type, cast(null as string) as contact_scope,
        case when email like '% %' or email like '%<%' then coalesce(normal_email, email) else email end as contact_value,
        email as given_value,
        case
            when is_email_relay then 'relay'
            when is_email_unreadable or email not like '%_@_%._%' then 'invalid'
        end as unreachable_reason,
        cast(null as boolean) as is_verified, created_at as first_seen_at, updated_at as last_seen_at
    from records
    where email is not null
),

-- a number whose middle is hidden reaches nobody, and is no contact
phones as (
    select
        customer_id, record_key, channel, 'phone' as contact_type, cast(null as string) as contact_scope,
        case when normal_phone like '+%' then normal_phone else phone end as contact_value,
        phone as given_value,
        case when normal_phone like '+%' then cast(null as string) else 'invalid' end as unreachable_reason,
        cast(null as boolean) as is_verified, created_at as first_seen_at, updated_at as last_seen_at
    from records
    where phone is not null and phone not like '%*%'
),

platform_ids as (
    select
        customer_id, record_key, channel, 'platform' as contact_type, channel as contact_scope, platform_id as contact_value,
        platform_id as given_value, cast(null as string) as unreachable_reason, cast(null as boolean) as is_verified,
        created_at as first_seen_at, updated_at as last_seen_at
    from records
    where platform_id is not null
),

contacts as (
    {{ union_shape('contacts') }}
),

told as (
    select
        customer_ids.customer_id,
        customer_ids.record_key,
        contacts.channel,
        contacts.contact_type,
        contacts.contact_scope,
        case contacts.contact_type
            when 'email' then {{ plain_address('contacts.contact_value') }}
            when 'phone' then coalesce(phones.contact_value, trim(contacts.contact_value))
            else trim(contacts.contact_value)
        end as contact_value,
        contacts.contact_value as given_value,
        contacts.unreachable_reason,
        contacts.is_verified,
        contacts.created_at as first_seen_at,
        contacts.updated_at as last_seen_at
    from contacts
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on contacts.channel = customer_ids.channel
        and contacts.source_customer_id = customer_ids.source_customer_id
    left join phones
        on customer_ids.record_key = phones.record_key
        and trim(contacts.contact_value) = phones.given_value
    where nullif(trim(contacts.contact_value), '') is not null
),

given as (
    {% for part in ['emails', 'phones', 'platform_ids', 'told'] -%}
    select
        customer_id, record_key, channel, contact_type, contact_scope, contact_value, given_value, unreachable_reason, is_verified,
        first_seen_at, last_seen_at
    from {{ part }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

refused as (
    select distinct record_key, case identifier_type when 'platform_id' then 'platform' else identifier_type end as contact_type
    from {{ source('identity', 'identifiers') }}
    where is_blocked and identifier_type in ('email', 'phone', 'platform_id')
)

select
    given.customer_id,
    given.record_key,
    given.channel,
    given.contact_type,
    given.contact_scope,
    given.contact_value,
    min({{ contact_spelling('given.contact_type', 'given.given_value') }}) as spelling,
    min(coalesce(given.unreachable_reason, case when refused.record_key is not null then 'refused' end)) as unreachable_reason,
    coalesce(bool_or(given.is_verified), false) or bool_or(verified.channel is not null) as is_verified,
    min(given.first_seen_at) as first_seen_at,
    max(given.last_seen_at) as last_seen_at
from given
left join refused
    on given.record_key = refused.record_key
    and given.contact_type = refused.contact_type
left join {{ source('identity', 'verified_contacts') }} as verified
    on given.channel = verified.channel
    and given.contact_type = verified.contact_type
group by given.customer_id, given.record_key, given.channel, given.contact_type, given.contact_scope, given.contact_value
