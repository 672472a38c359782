-- every column that contracts collect, and what reads it, as `onefold minimise` last found it
select
    channel,
    export,
    column_name,
    classification,
    is_collected,
    is_used,
    used_by,
    marts,
    pages,
    audiences,
    last_used,
    surveyed_at
from {{ source('state', 'collected_columns') }}
