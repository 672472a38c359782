-- one row per customer and contact, without its value: that stands in contact.contacts_in_clear
select
    customer_id,
    contact_id,
    contact_type,
    contact_scope,
    case contact_type
        when 'email' then {{ masked_email('contact_value') }}
        when 'phone' then case when contact_value like '+%' then {{ masked_phone('contact_value') }} else '***' end
        else '***' || substr(contact_value, length(contact_value) - 1, 2)
    end as masked_value,
    record_count,
    channels,
    first_seen_at,
    last_seen_at,
    is_verified,
    is_reachable,
    unreachable_reason
from {{ ref('customer_contacts') }}
