{#
holes:
  ledger: ledger
  due: 'false'
  listed: 1, 2
unportable: [any_value()]
#}
create or replace temp table entries as
with answers as (
    select batch_no, key_id, any_value(outcome) as outcome from {{ ledger }}.activation_answers group by batch_no, key_id
)
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
