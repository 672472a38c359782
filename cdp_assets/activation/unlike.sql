{#
holes:
  ledger: ledger
  due: 'false'
  listed: 1, 2
unportable: [any_value()]
#}
create or replace temp table unlike as
with answers as (
    select batch_no, key_id, any_value(outcome) as outcome from {{ ledger }}.activation_answers group by batch_no, key_id
),
entries as (
    select
        e.list_id,
        e.key_id,
        e.field,
        e.add_batch,
        e.remove_batch,
        case
            when e.remove_batch is not null and r.status = 'pending' and coalesce(ra.outcome, '') <> 'refused' then 'removing'
            when e.remove_batch is not null then 'unremoved'
            when aa.outcome = 'accepted' then 'there'
            when e.add_batch is null or a.status in ('superseded', 'refused') then 'gone'
            when coalesce(aa.outcome, '') = 'refused' then 'refused'
            when a.status = 'acknowledged' then 'there'
            else 'waiting'
        end as stands,
        coalesce(({{ due }}) and (a.status = 'acknowledged' or aa.outcome = 'accepted'), false) as is_due
    from {{ ledger }}.activation_entries as e
    left join {{ ledger }}.activation_batches as a on e.add_batch = a.batch_no
    left join {{ ledger }}.activation_batches as r on e.remove_batch = r.batch_no
    left join answers as aa on e.add_batch = aa.batch_no and e.key_id = aa.key_id
    left join answers as ra on e.remove_batch = ra.batch_no and e.key_id = ra.key_id
    where e.list_id in ({{ listed }})
)
select
    coalesce(d.list_id, e.list_id) as list_id,
    coalesce(d.key_id, e.key_id) as key_id,
    d.key_id is not null as is_desired,
    d.field_no,
    d.customer_no,
    d.ends_on,
    e.field,
    e.add_batch,
    e.remove_batch,
    e.stands,
    coalesce(e.is_due, false) as is_due
from desired as d
full join entries as e on d.list_id = e.list_id and d.key_id = e.key_id
where d.key_id is null or e.key_id is null or e.stands <> 'there' or e.is_due
