{#
holes:
  bases: select 1 as number, customer_no, step from base_1
#}
-- Who was a member: gone, merged, or the first step that leaves them out now.
insert into membership_changes
with leaving as (
    select b.number, b.audience, b.customer_id, b.customer_no from members_before as b
    anti join (select number, customer_no from stood where step = 'member') as n on b.number = n.number and b.customer_no = n.customer_no
),
bases as ({{ bases }})
select
    g.audience, g.customer_id, 'left',
    case
        when g.customer_no is null and i.survivor is not null then 'merged'
        when g.customer_no is null then 'the customer is gone'
        else coalesce(s.step, r.reason)
    end,
    i.survivor
from leaving as g
left join stood as s on g.number = s.number and g.customer_no = s.customer_no
left join bases as b on g.number = b.number and g.customer_no = b.customer_no
left join reasons as r on b.number = r.number and b.step = r.step
left join merged_into as i on g.customer_id = i.customer_id and g.customer_no is null
