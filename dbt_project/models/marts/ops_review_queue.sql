-- pairs of customers that a steward should look at, the most worthwhile first; keys only, never a value
select
    rank as queue_rank,
    kind,
    record_key_l,
    record_key_r,
    customer_id_l,
    customer_id_r,
    match_probability,
    match_key,
    records_affected,
    revenue_affected,
    evidence_hash
from {{ source('identity', 'review_queue') }}
