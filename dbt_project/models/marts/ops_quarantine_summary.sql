-- rows that broke a channel's contract, by load, reason and column
select
    load_id,
    channel,
    export,
    reason_code,
    column_name,
    quarantined_rows,
    first_line
from {{ source('state', 'quarantine_summary') }}
