{#
holes:
  rate: 0.5
  visitors_of_square: (select person_no from visitors)
  spelled: select * from keyed
#}
create or replace temp table till_customers as
with staff as (
    select
        slot,
        arg_min(member_id, u('works here', member_id)) as staff_id,
        arg_min(person_no, u('works here', member_id)) as staff_no
    from loyalty_members join stores using (store)
    group by slot
),
listed as (
    select persons.*, member_id, 'card' as how
    from persons join loyalty_members using (person_no)
    union all by name
    select
        persons.*,
        if(u('staff card', person_no) < {{ rate }} and staff_no <> person_no, staff_id, null) as member_id,
        'name' as how
    from persons
    left join staff on slot = pick('home store', household_no, (select count(*) from stores))
    where person_no in {{ visitors_of_square }}
),
keyed as (select *, upper(substr(md5('square ' || how || person_no), 1, 26)) as square_id from listed),
named as ({{ spelled }})
select
    square_id, person_no, how, member_id,
    if(how = 'name' and lang = 'en' and u('bank card', square_id) < 0.3,
        left(shown_given, 1) || ' ' || shown_family, shown_name) as shown_name,
    name_traps || if(how = 'name' and member_id is not null, ['staff_card'], []) as traps
from named
order by square_id
