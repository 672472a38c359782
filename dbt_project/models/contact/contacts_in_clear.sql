-- every way to reach a customer, in clear: published only into the owner-only contact file
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
    is_reachable,
    unreachable_reason
from {{ ref('customer_contacts') }}
