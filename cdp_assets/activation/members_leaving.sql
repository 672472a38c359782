create or replace temp table members_leaving as
select b.number, b.audience, b.customer_id, b.customer_no from members_before as b
anti join (select number, customer_no from stood where step = 'member') as n on b.number = n.number and b.customer_no = n.customer_no
