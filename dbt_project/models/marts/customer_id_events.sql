-- what happened to customer ids, in this run and before
select
    event_id,
    event,
    customer_id,
    other_customer_id,
    cast(record_count as bigint) as record_count,
    reason,
    effective_at
from {{ source('identity', 'customer_id_events') }}
