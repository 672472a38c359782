{#
holes:
  early: select 1 as number, customer_no, step_1 as step from early_1
#}
-- Who was a member: gone, merged, or the first step that leaves them out now.
insert into membership_changes
with early as ({{ early }})
select
    g.audience, g.customer_id, 'left',
    case
        when g.customer_no is null and i.survivor is not null then 'merged'
        when g.customer_no is null then 'the customer is gone'
        else coalesce(s.step, r.reason)
    end,
    i.survivor
from members_leaving as g
left join stood as s on g.number = s.number and g.customer_no = s.customer_no
left join early as b on g.number = b.number and g.customer_no = b.customer_no
left join reasons as r on b.number = r.number and b.step = r.step
left join merged_into as i on g.customer_id = i.customer_id and g.customer_no is null
