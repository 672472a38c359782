{#
holes:
  ledger: ledger
#}
create or replace temp table members_before as
select j.number, j.audience, m.customer_id, c.rowid::integer as customer_no
from {{ ledger }}.audience_members as m
join judged as j using (audience)
left join marts.customers as c using (customer_id)
