{#
holes:
  is_held: false
  as_of_date: 2017-12-31
#}
{% if is_held %}insert into identity.customer_id_events{% else %}create or replace table identity.customer_id_events as{% endif %}
with flows as (
    -- Records that went from one id to another.
    select old_customer_id as old_id, new_customer_id as new_id, count(*) as records, max(reason) as reason
    from identity.customer_id_changes
    where old_customer_id is not null and new_customer_id is not null
    group by old_id, new_id
),
live as (select customer_id, count(*) as records from ids_here group by customer_id),
origins as (select customer_id, origin from cluster_ids),
-- An id that no longer lives, and the id that got most of its records.
gone as (
    select distinct customer_id from current_map where customer_id not in (select customer_id from live)
),
heirs as (
    select old_id, max_by(new_id, (records, new_id)) as new_id, max(records) as records, max(reason) as reason
    from flows where old_id in (select customer_id from gone)
    group by old_id
),
news as (
    select 'created' as event, live.customer_id, null as other_customer_id, live.records, 'new cluster' as reason
    from live join origins using (customer_id) where origins.origin = 'created'
    union all
    select 'revived', live.customer_id, null, live.records, 'its records are together again'
    from live join origins using (customer_id) where origins.origin = 'revived'
    union all
    select 'merged', new_id, old_id, records, reason from heirs
    union all
    select 'retired', gone.customer_id, null, 0, 'its records are gone'
    from gone anti join heirs on heirs.old_id = gone.customer_id
    union all
    select
        case when origins.origin in ('created', 'revived') then 'split' else 'moved' end,
        flows.new_id, flows.old_id, flows.records, flows.reason
    from flows
    join origins on origins.customer_id = flows.new_id
    anti join heirs on heirs.old_id = flows.old_id and heirs.new_id = flows.new_id
    union all
    select 'ruled', new_customer_id, old_customer_id, count(*), 'ruling'
    from identity.customer_id_changes
    where reason = 'ruling' and new_customer_id is not null and old_customer_id is not null
    group by new_customer_id, old_customer_id
)
{%- if not is_held %}
select
    event_id, event, customer_id, other_customer_id, record_count, reason, effective_at, generation_number
from state.customer_id_events
union all
{%- endif %}
select
    pseudonym('event' || chr(31) || (select n from next_generation) || chr(31) || event || chr(31) || customer_id
        || chr(31) || coalesce(other_customer_id, '')),
    event, customer_id, other_customer_id, records, reason,
    timestamp '{{ as_of_date }}', (select n from next_generation)
from news
