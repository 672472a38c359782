create or replace table identity.quality as
with sizes as (
    select customer_id, count(*) as records from identity.customer_ids group by customer_id
),
banded as (
    select
        case when records = 1 then '1' when records = 2 then '2' when records <= 5 then '3 to 5'
            when records <= 10 then '6 to 10' when records <= 50 then '11 to 50' else 'over 50' end as band,
        records
    from sizes
),
metrics as (
    select 'records' as metric, 'all' as dimension, count(*)::double as value from identity.customer_ids
    union all
    select 'records', channel, count(*) from identity.customer_ids group by channel
    union all
    select 'customers', 'all', count(*) from sizes
    union all
    select 'largest_customer_records', 'all', coalesce(max(records), 0) from sizes
    union all
    select 'customers_by_size', band, count(*) from banded group by band
    union all
    select 'nodes', 'all', count(*) from identity.node_evidence
    union all
    select 'pairs', match_key, count(*) from identity.pairs group by match_key
    union all
    select 'guard_events', guard, count(*) from identity.guard_events group by guard
    union all
    select 'guard_records', guard, sum(record_count) from identity.guard_events group by guard
    union all
    select 'refused_links', reason, count(*) from identity.links where is_refused group by reason
    union all
    select 'events', event, count(*) from identity.customer_id_events
    where generation_number = (select generation_number from this_proposal) group by event
    union all
    select 'review_queue', kind, count(*) from identity.review_queue group by kind
    union all
    select 'records_that_changed_customer', 'all', count(*) from identity.customer_id_changes
    where old_customer_id is not null and new_customer_id is not null
)
select generation_number, as_of_date, metric, dimension, value from state.identity_quality
union all
select p.generation_number, p.as_of_date, m.metric, m.dimension, m.value
from metrics as m cross join this_proposal as p
