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
)

select
    said.channel,
    customer_ids.record_key,
    customer_ids.customer_id,
    said.contact_type,
    said.contact_scope,
    said.contact_key,
    {{ contact_spelling('said.contact_type', 'said.contact_key') }} as spelling,
    said.purpose,
    said.status,
    said.legal_basis,
    said.jurisdiction,
    said.policy_version,
    said.evidence,
    said.signal,
    said.recorded_at,
    said.expires_at
from said
left join {{ source('identity', 'customer_ids') }} as customer_ids
    on said.channel = customer_ids.channel
    and said.source_customer_id = customer_ids.source_customer_id
where said.recorded_at is null or {{ business_date('said.recorded_at') }} <= {{ as_of_date() }}
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
    cast(null as timestamp) as expires_at
from {{ source('state', 'rights_refusals') }} as refusals
inner join {{ source('identity', 'customer_ids') }} as customer_ids
    on refusals.record_key = customer_ids.record_key
where refusals.lifted_at is null
