-- the landing ledger: every delivered file with its counts
select
    load_id,
    channel,
    export,
    file_name,
    status,
    reason_code,
    remedy,
    period,
    is_current,
    size_bytes,
    parsed_rows,
    landed_rows,
    quarantined_rows,
    duplicate_rows,
    erased_rows,
    coalesce(anonymised_rows, 0) as anonymised_rows,
    future_rows,
    ambiguous_time_rows,
    contract_version,
    run_id,
    landed_at
from {{ source('state', 'loads') }}
