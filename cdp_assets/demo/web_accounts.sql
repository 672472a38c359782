{#
holes:
  second_account: 0.5
  visitors_of_shopify: (select person_no from visitors)
  has_account: 0.5
  spelled: select * from opened
  no_phone: 'null'
  no_email: 'null'
  traps: '[''second_account'']'
#}
create or replace temp table web_accounts as
with opened as (
    select
        persons.*,
        unnest(if(u('second account', person_no) < {{ second_account }}, [0, 1], [0])) as slot,
        (5480000000000 + shuffled(person_no * 2 + slot) * 131)::varchar as customer_id,
        if(slot = 0, customer_since::timestamp, greatest(customer_since, date '2017-02-01')::timestamp
            + to_days(20 + pick('opened again', person_no, 200)::int))
            + to_seconds(pick('opened', customer_id, 18000)) as created_at
    from persons
    where person_no in {{ visitors_of_shopify }}
        and u('web account', person_no) < {{ has_account }}
),
named as ({{ spelled }}),
reached as (
    select
        *,
        {{ no_phone }} as no_phone,
        {{ no_email }} as no_email,
        has_family_phone and role > 0 and u('web family phone', person_no) < 0.7 as by_home_phone,
        has_family_email and role > 0 and slot = 0 as by_home_email,
        u('leaves phone', customer_id) < 0.72 as leaves_phone
    from named
)
select
    customer_id, person_no, slot, created_at, shown_given, shown_family, shown_name,
    street, city, region, region_name, country, postcode,
    coalesce(no_email, case when by_home_email then home_email when slot = 1 then email2 else email1
        end) as email,
    no_email is not null as is_email_blocked,
    if(leaves_phone, coalesce(no_phone, dial || if(by_home_phone, home_phone, phone1)), null) as phone,
    leaves_phone and no_phone is not null as is_phone_blocked,
    {{ traps }} as traps
from reached
order by customer_id
