{#
holes:
  ledger: ledger
  is_new: the audience is new
#}
-- Who was no member: new with the audience, by a merge, back after what left them out, or since they meet the rules.
insert into membership_changes
with entering as (
    select s.number, s.customer_id from stood as s
    anti join members_before as b on s.number = b.number and s.customer_no = b.customer_no
    where s.step = 'member'
),
ended as (
    select j.number, h.customer_id, max_by(h.reason, h.on_date) as reason
    from {{ ledger }}.audience_history as h join judged as j using (audience) where h.event = 'left' group by all
),
heirs as (
    select b.number, m.survivor as customer_id, max(m.customer_id) as old_id
    from merged_into as m join members_before as b using (customer_id) group by all
)
select
    j.audience, n.customer_id, 'entered',
    case
        when j.is_new then '{{ is_new }}'
        when h.old_id is not null then 'merged'
        when e.reason is not null then 'no longer left out: ' || e.reason
        else 'meets the rules'
    end,
    h.old_id
from entering as n
join judged as j using (number)
left join ended as e on n.number = e.number and n.customer_id = e.customer_id
left join heirs as h on n.number = h.number and n.customer_id = h.customer_id
