-- answers per channel, purpose and status; `unmatched` are those for a contact that its customer, or nobody, has, and those of a device without log-in
select
    channel,
    purpose,
    status,
    count(*) as statement_count,
    count(distinct customer_id) as customer_count,
    count(*) filter (where is_unmatched) as unmatched_count,
    min(recorded_at) as first_recorded_at,
    max(recorded_at) as last_recorded_at
from {{ ref('consents') }}
where is_current
group by channel, purpose, status
