-- every answer that anybody gave up to as_of_date, as the channels deliver it, what browsers refused by their signals, and what people refused
-- by a request (in force in every run from then on, of whatever date, until a request lifts it);
-- `record_key` and `customer_id` are null where it names a contact alone, or a device that nobody logged in on
with

consents as (
    {{ union_shape('consents') }}
),

refusals as (
    select
        channel, source_customer_id, 'person' as contact_type, cast(null as string) as contact_scope, cast(null as string) as contact_key,
        purpose, 'denied' as status, 'opt_out' as legal_basis, cast(null as string) as jurisdiction,
        cast(null as string) as policy_version, channel || '/' || touchpoint_id as evidence, signal, refused_at as recorded_at,
        cast(null as timestamp) as expires_at
    from {{ ref('device_refusals') }}
),

said as (
    {% for part in ['consents', 'refusals'] -%}
    select
        channel, source_customer_id, contact_type, contact_scope, contact_key, purpose, status, legal_basis, jurisdiction, policy_version,
        evidence, signal, recorded_at, expires_at
    from {{ part }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- a channel without customer records names people by ids of its own
channels_of_records as (
    select distinct channel
    from {{ source('identity', 'customer_ids') }}
),

answered as (
    select
        said.*,
        customer_ids.record_key,
        customer_ids.customer_id,
        said.source_customer_id is not null and customer_ids.record_key is null
            and said.channel in (select channel from channels_of_records) as is_of_unknown_record,
        {{ contact_spelling('said.contact_type', 'said.contact_key') }} as spelling
    from said
    left join {{ source('identity', 'customer_ids') }} as customer_ids
        on said.channel = customer_ids.channel
        and said.source_customer_id = customer_ids.source_customer_id
    where said.recorded_at is null or {{ business_date('said.recorded_at') }} <= {{ as_of_date() }}
),

-- numbers that may be written without their country's code, or with a nought in its place, unless the customer's records write them so, too
short_numbers as (
    select distinct answered.customer_id, answered.spelling, {{ regexp_remove('answered.spelling', '^0+') }} as digits
    from answered
    left join {{ ref('contact_values') }} as own
        on answered.customer_id = own.customer_id
        and own.contact_type = 'phone'
        and answered.spelling = own.spelling
    where answered.contact_type = 'phone' and answered.spelling is not null and own.customer_id is null
),

whole_numbers as (
    select distinct customer_id, {{ contact_spelling('contact_type', 'contact_value') }} as digits
    from {{ ref('contact_values') }}
    where contact_type = 'phone' and contact_value like '+%'
),

-- the one number, of the customer's or of all, that ends so
meant_numbers as (
    select short_numbers.customer_id, short_numbers.spelling, min(whole_numbers.digits) as digits
    from short_numbers
    inner join whole_numbers
        on substr(short_numbers.digits, length(short_numbers.digits) - 7) = substr(whole_numbers.digits, length(whole_numbers.digits) - 7)
        and substr(whole_numbers.digits, length(whole_numbers.digits) - length(short_numbers.digits) + 1) = short_numbers.digits
        and (short_numbers.customer_id is null or short_numbers.customer_id = whole_numbers.customer_id)
    where length(short_numbers.digits) >= 8
    group by short_numbers.customer_id, short_numbers.spelling
    having count(distinct whole_numbers.digits) = 1
)

select
    said.channel,
    said.record_key,
    said.customer_id,
    said.contact_type,
    said.contact_scope,
    said.contact_key,
    coalesce(meant_numbers.digits, said.spelling) as spelling,
    said.purpose,
    said.status,
    said.legal_basis,
    said.jurisdiction,
    said.policy_version,
    said.evidence,
    said.signal,
    said.recorded_at,
    said.expires_at,
    said.is_of_unknown_record
from answered as said
left join meant_numbers
    on said.contact_type = 'phone'
    and said.spelling = meant_numbers.spelling
    and said.customer_id is not distinct from meant_numbers.customer_id
union all
select
    customer_ids.channel,
    customer_ids.record_key,
    customer_ids.customer_id,
    'person' as contact_type,
    cast(null as string) as contact_scope,
    cast(null as string) as contact_key,
    cast(null as string) as spelling,
    refusals.purpose,
    'denied' as status,
    'request' as legal_basis,
    cast(null as string) as jurisdiction,
    cast(null as string) as policy_version,
    'request/' || refusals.request_id as evidence,
    'request' as signal,
    refusals.refused_at as recorded_at,
    cast(null as timestamp) as expires_at,
    false as is_of_unknown_record
from {{ source('state', 'rights_refusals') }} as refusals
inner join {{ source('identity', 'customer_ids') }} as customer_ids
    on refusals.record_key = customer_ids.record_key
where refusals.lifted_at is null
