-- identifiers in clear, one row per customer record: its own values as delivered, and the forms in which identity compares them.
-- Published only into the owner-only contact file; the site searches here
select
    ids.record_key,
    ids.customer_id,
    ids.channel,
    ids.source_customer_id,
    delivered.full_name,
    delivered.given_name,
    delivered.family_name,
    records.phone,
    records.phone_tail,
    records.email,
    delivered.phone as delivered_phone,
    delivered.email as delivered_email,
    delivered.birth_date as delivered_birth_date,
    delivered.street,
    delivered.city,
    delivered.region,
    delivered.postcode,
    delivered.country,
    records.name_exact,
    records.name_sound,
    records.loyalty_id,
    records.platform_id
from {{ source('identity', 'customer_ids') }} as ids
left join {{ source('identity', 'records') }} as records on ids.record_key = records.record_key
left join {{ ref('customer_records') }} as delivered
    on ids.channel = delivered.channel and ids.source_customer_id = delivered.source_customer_id
