-- answers per channel, purpose and status; `unmatched` are those that no customer carries: a contact that nobody has, a device without log-in
select
    channel,
    purpose,
    status,
    count(*) as statement_count,
    count(distinct customer_id) as customer_count,
    count(*) filter (where customer_id is null) as unmatched_count,
    min(recorded_at) as first_recorded_at,
    max(recorded_at) as last_recorded_at
from {{ ref('consents') }}
where is_current
group by channel, purpose, status
