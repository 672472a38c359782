-- files that wait in the inbox, with what to do
select
    channel,
    file_name,
    export,
    size_bytes,
    reason_code,
    detail,
    remedy,
    seen_at
from {{ source('state', 'held_files') }}
