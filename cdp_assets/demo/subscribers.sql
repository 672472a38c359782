{#
holes:
  spelled: select * from asked
  unconfirmed: 0.5
  tagged_address: 0.5
#}
create or replace temp table subscribers as
with asked as (
    select *, left(md5('mailchimp ' || person_no), 10) as euid
    from persons
    where (lang = 'en' or country = 'US' or u('newsletter abroad', person_no) < 0.3)
        and u('newsletter', person_no) < 0.52
        and not (has_family_email and role > 0)
),
named as ({{ spelled }})
select
    euid,
    300000000 + shuffled(person_no) as leid,
    person_no,
    if(u('newsletter email', person_no) < 0.2, email2, email1) as address,
    if(split_part(address, '@', 2) = 'gmail.com' and u('tagged address', person_no) < {{ tagged_address }},
        replace(address, '@', '+news@'), address) as email,
    shown_given,
    if(u('first name only', person_no) < 0.3, null, shown_family) as shown_family,
    customer_since::timestamp + to_seconds(36000 + pick('opted in', person_no, 2000000)) as opted_in_at,
    if(u('unsubscribes', person_no) < 0.13,
        greatest(opted_in_at, timestamp '2017-01-05') + to_seconds(86400 + pick('unsubscribed',
            person_no, 5000000)), null)
        as wished_out_at,
    if(wished_out_at < timestamp '2017-12-31', wished_out_at, null) as unsubscribed_at,
    unsubscribed_at is null and u('confirms', person_no) < {{ unconfirmed }} as is_unconfirmed,
    country, region, city,
    name_traps as traps
from named
where opted_in_at < timestamp '2017-12-30'
order by euid
