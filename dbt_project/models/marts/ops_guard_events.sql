-- evidence that identity resolution refused to count, in words; values are masked
select
    guard,
    identifier_type,
    identifier_key,
    record_count,
    people_count,
    message
from {{ source('identity', 'guard_events') }}
