{#
holes:
  spelled: select * from bought
  factor: 6.5
  first_workbook_month: 7
  later: 0.5
  cut: 0.1
  missing: 0.04
  closed: 0.1
  last_days: date '2017-12-18'
#}
create or replace temp table parcels as
with bought as (
    select orders.candidate, orders.order_no, orders.local_at, orders.discount as usd_discount,
        persons.*
    from orders join persons using (person_no)
    where channel = 'taobao'
),
named as ({{ spelled }}),
counted as (
    select candidate, count(*) as kinds, sum(quantity) as pieces, max(line_number) as last_line,
        max_by(round(unit_price * {{ factor }}, 2) * quantity, line_number)::decimal(18, 2) as last_amount,
        sum(round(unit_price * {{ factor }}, 2) * quantity)::decimal(18, 2) as gross,
        string_agg(product_name, '，' order by line_number) as titles
    from lines where channel = 'taobao' group by candidate
)
select
    (3000000000000000 + order_no * 104729)::varchar as order_id,
    candidate, person_no, local_at, month(local_at) as month, kinds, pieces, titles,
    lower(given_latin) || '_' || lower(left(surname_latin, 1)) || shuffled(person_no) % 9000000 as member_name,
    if(u('alipay', person_no) < 0.5, phone2, email1) as alipay,
    shown_name as receiver,
    phone1 as phone,
    region || ' ' || city || ' ' || district || ' ' || replace(street, district, '') as address,
    street,
    name_traps as traps,
    gross,
    -- the workbook has no column for vouchers: its orders paid in full
    if(month < {{ first_workbook_month }}, round(usd_discount * {{ factor }}, 2), 0)::decimal(18, 2) as discount,
    local_at::date >= {{ last_days }} as is_late,
    -- the last item was given back: its part of what the buyer paid
    if(kinds > 1 and not is_late and u('item closed', candidate) < {{ closed }}, last_line, null) as closed_line,
    if(closed_line is null, 0, last_amount)::decimal(18, 2) as closed_gross,
    round((gross - discount) * closed_gross / gross, 2)::decimal(18, 2) as refunded,
    is_late and u('items later', candidate) < {{ later }} as items_come_later,
    is_late and kinds > 1 and not items_come_later and u('items cut', candidate) < {{ cut }} as is_cut,
    is_late and not items_come_later and not is_cut and u('order later', candidate) < {{ missing }} as order_comes_later
from named
join counted using (candidate)
order by order_no
