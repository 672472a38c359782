-- every value that a record gives for an attribute of its customer; blanks and blocked identifiers never stand here
{{ config(materialized='view') }}
with

records as (
    select
        customer_ids.customer_id,
        customer_ids.record_key,
        customer_records.channel,
        customer_records.source_customer_id,
        nullif(trim(customer_records.full_name), '') as full_name,
        nullif(trim(customer_records.given_name), '') as given_name,
        nullif(trim(customer_records.family_name), '') as family_name,
        normalised.phone,
        normalised.email,
        cast(try_cast(customer_records.birth_date as date) as string) as birth_date,
        nullif(trim(customer_records.gender), '') as gender,
        nullif(trim(coalesce(customer_records.street, '') || '|' || coalesce(customer_records.city, '') || '|'
            || coalesce(customer_records.region, '') || '|' || coalesce(customer_records.postcode, '') || '|'
            || coalesce(normalised.country_key, customer_records.country, '')), '||||') as address,
        coalesce(channel_trust.trust_rank, 8) as trust_rank,
        coalesce(customer_records.updated_at, customer_records.created_at, cast('1970-01-01' as timestamp)) as seen_at
    from {{ ref('customer_records') }} as customer_records
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on customer_records.channel = customer_ids.channel
        and customer_records.source_customer_id = customer_ids.source_customer_id
    left join {{ source('identity', 'records') }} as normalised
        on customer_ids.record_key = normalised.record_key
    left join {{ ref('channel_trust') }} as channel_trust
        on customer_records.channel = channel_trust.channel
),

given as (
    select
        customer_id,
        record_key,
        channel,
        source_customer_id,
        {{ each_named(['full_name', 'given_name', 'family_name', 'phone', 'email', 'birth_date', 'gender', 'address'], 'attribute', 'attribute_value') }},
        trust_rank,
        seen_at
    from records
),

-- what identity refused as evidence: identifiers by record, placeholder names and birth dates by their normal form
blocked as (
    select record_key, case identifier_type when 'street' then 'address' else identifier_type end as attribute
    from {{ source('identity', 'identifiers') }}
    where is_blocked
    union
    select normalised.record_key, attributes.attribute
    from {{ source('identity', 'records') }} as normalised
    inner join {{ source('identity', 'blocked_identifiers') }} as refused
        on refused.identifier_type = 'name'
        and refused.identifier_value = normalised.name_exact
    cross join (
        select 'full_name' as attribute
        union all
        select 'given_name' as attribute
        union all
        select 'family_name' as attribute
    ) as attributes
    union
    select normalised.record_key, 'birth_date' as attribute
    from {{ source('identity', 'records') }} as normalised
    inner join {{ source('identity', 'blocked_identifiers') }} as refused
        on refused.identifier_type = 'birth_date'
        and refused.identifier_value = cast(normalised.birth_key as string)
),

-- what the person had corrected, or what the channel says since as the person did
corrected as (
    select distinct
        record_key,
        case when attribute in ('street', 'city', 'region', 'postcode', 'country') then 'address' else attribute end as attribute
    from {{ ref('applied_corrections') }}
    where outcome in ('applied', 'delivered')
)

select
    given.customer_id,
    given.record_key,
    given.channel,
    given.source_customer_id,
    given.attribute,
    given.attribute_value,
    given.trust_rank,
    given.seen_at,
    corrected.record_key is not null as is_corrected
from given
left join blocked
    on given.record_key = blocked.record_key
    and given.attribute = blocked.attribute
left join corrected
    on given.record_key = corrected.record_key
    and given.attribute = corrected.attribute
where given.attribute_value is not null
    and blocked.record_key is null
