-- one row per customer record with its own values, masked; what they are in clear stands in contact.records_contact
select
    ids.record_key,
    ids.customer_id,
    ids.channel,
    ids.source_customer_id,
    ids.record_kind,
    ids.contact_role,
    {{ masked('records.full_name') }} as masked_full_name,
    {{ masked_phone('records.phone') }} as masked_phone,
    {{ masked_email('records.email') }} as masked_email,
    substr(records.birth_key, 1, 4) as birth_year,
    delivered.gender,
    delivered.city,
    delivered.region,
    delivered.country,
    delivered.created_at,
    delivered.updated_at
from {{ source('identity', 'customer_ids') }} as ids
left join {{ source('identity', 'records') }} as records on ids.record_key = records.record_key
left join {{ ref('customer_records') }} as delivered
    on ids.channel = delivered.channel and ids.source_customer_id = delivered.source_customer_id
