-- evidence that identity resolution refused to count, in words; values are masked
select
    guard,
    identifier_type,
    identifier_key,
    cast(record_count as bigint) as record_count,
    cast(people_count as bigint) as people_count,
    message
from {{ source('identity', 'guard_events') }}
