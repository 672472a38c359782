{#
holes:
  ledger: ledger
  is_new: the audience is new
#}
insert into membership_changes
with before as (select customer_id from {{ ledger }}.audience_members where audience = $name),
ended as (
    select customer_id, max_by(reason, on_date) as reason
    from {{ ledger }}.audience_history where audience = $name and event = 'left' group by customer_id
),
heirs as (
    select m.survivor as customer_id, max(m.customer_id) as old_id
    from merged_into as m join before using (customer_id) group by m.survivor
)
select
    $name, n.customer_id, 'entered',
    case
        when not exists (select 1 from {{ ledger }}.audience_history where audience = $name) then '{{ is_new }}'
        when h.old_id is not null then 'merged'
        when e.reason is not null then 'no longer left out: ' || e.reason
        else 'meets the rules'
    end,
    h.old_id
from in_now as n
anti join before as b on n.customer_id = b.customer_id
left join ended as e on n.customer_id = e.customer_id
left join heirs as h on n.customer_id = h.customer_id
