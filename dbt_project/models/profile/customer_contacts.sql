-- one row per customer and contact: who carries it, since when, and whether it reaches anybody
with

contacts as (
    select
        customer_id,
        contact_type,
        contact_scope,
        contact_value,
        {{ contact_id('contact_type', 'contact_scope', 'contact_value') }} as contact_id,
        count(distinct record_key) as record_count,
        {{ joined_text('record_key', ' ') }} as record_keys,
        {{ joined_text('channel', ', ') }} as channels,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        bool_or(is_verified) as is_verified,
        min(unreachable_reason) as known_against
    from {{ ref('contact_values') }}
    group by customer_id, contact_type, contact_scope, contact_value
)

select
    customer_id,
    contact_id,
    contact_type,
    contact_scope,
    contact_value,
    record_count,
    record_keys,
    channels,
    first_seen_at,
    last_seen_at,
    is_verified,
    known_against is null and {{ not_suppressed('contacts.contact_id') }} as is_reachable,
    case when {{ not_suppressed('contacts.contact_id') }} then known_against else 'suppressed' end as unreachable_reason
from contacts
