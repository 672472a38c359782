{#
holes:
  visitors_of_square: (select person_no from visitors)
  visitors_of_shopify: (select person_no from visitors)
  spelled: select * from joined
  no_phone: 'null'
  no_email: 'null'
  rates: {store_phone: 0.5, birth_date_swapped: 0.5, birth_date_placeholder: 0.5, family_name_only: 0.5, given_name_only: 0.5, street_slip: 0.5, house_slip: 0.5, shows_document: 0.5, document_borrowed: 0.5, document_slip: 0.5, moved_abroad: 0.5, country_by_name: 0.5}
  slipped_street: reverse(street)
  document: '''X'' || person_no'
  document_of_home: '''X'' || first_person'
  traps: '[''twins'']'
#}
create or replace temp table loyalty_members as
with joined as (
    select
        persons.*,
        'OF' || (10000000 + shuffled(person_no))::varchar as member_id,
        customer_since::timestamp + to_seconds(50400 + pick('card', person_no, 28800)) as joined_at,
        store, store_phone
    from persons
    join stores on stores.slot = pick('home store', household_no, (select count(*) from stores))
    where (person_no in {{ visitors_of_square }} and u('loyalty', person_no) < 0.62)
        or (person_no in {{ visitors_of_shopify }} and u('web loyalty', person_no) < 0.15)
),
named as ({{ spelled }}),
reached as (
    select
        *,
        {{ document }} as own_document,
        {{ no_phone }} as no_phone,
        {{ no_email }} as no_email,
        u('store phone', member_id) < {{ rates.store_phone }} as by_store_phone,
        has_family_phone and role > 0 as by_home_phone,
        u('old phone', member_id) < 0.08 and number_to is null as by_second_phone,
        u('leaves phone', member_id) < 0.93 as leaves_phone,
        u('leaves email', member_id) < 0.58 as leaves_email,
        case when by_home_phone then home_phone when by_second_phone then phone2 else phone1 end as own_phone,
        u('day and month', member_id) < {{ rates.birth_date_swapped }} and day(birth_date) between 1 and 12
            and day(birth_date) <> month(birth_date) as is_swapped,
        u('no birth date', member_id) < {{ rates.birth_date_placeholder }} as is_placeholder_date,
        u('leaves birth date', member_id) < 0.85 as leaves_birth_date,
        u('family name only', member_id) < {{ rates.family_name_only }} as is_family_only,
        not is_family_only and u('given name only', member_id) < {{ rates.given_name_only }} as is_given_only,
        country = 'US' and u('street slip', member_id) < {{ rates.street_slip }} as has_street_slip,
        country = 'US' and not has_street_slip and u('house slip', member_id) < {{ rates.house_slip }} as has_house_slip,
        u('shows document', household_no) < {{ rates.shows_document }} as shows_document,
        size > 1 and u('borrows document', member_id) < {{ rates.document_borrowed }} as is_document_borrowed,
        not is_document_borrowed and u('document slip', member_id) < {{ rates.document_slip }} as has_document_slip,
        case
            when not shows_document then null
            when is_document_borrowed then {{ document_of_home }}
            when has_document_slip then left(own_document, 4) || ((substr(own_document, 5, 1)::int + 1) % 10)::varchar || substr(own_document, 6)
            else own_document
        end as document,
        u('lives abroad', member_id) < {{ rates.moved_abroad }} as is_abroad,
        u('abroad where', member_id) < 0.5 as is_in_singapore,
        if(is_in_singapore, '9' || lpad(pick('abroad number', member_id, 9000000)::varchar, 7, '0'),
            '171' || lpad(pick('abroad number', member_id, 10000000)::varchar, 7, '0')) as number_abroad,
        u('country by name', member_id) < {{ rates.country_by_name }} as names_country
    from named
)
select
    member_id, person_no, joined_at, store, shown_given, shown_family,
    case when is_family_only then shown_family when is_given_only then shown_given else shown_name end as shown_name,
    gender,
    case
        when has_street_slip then {{ slipped_street }}
        when has_house_slip then (1 + left(street, 1)::int % 9)::varchar || substr(street, 2)
        else street
    end as street,
    document,
    case when not is_abroad then city when is_in_singapore then 'Singapore' else 'Berlin' end as city,
    case when not is_abroad then postcode when is_in_singapore then '179098' else '10115' end as postcode,
    case
        when is_abroad then if(is_in_singapore, 'Singapore', 'Deutschland')
        when names_country then if(country = 'US', 'United States', 'China')
        else country
    end as country,
    case
        when not leaves_phone then null
        when no_phone is not null then no_phone
        when by_store_phone then store_phone
        when is_abroad and is_in_singapore then left(number_abroad, 4) || ' ' || right(number_abroad, 4)
        when is_abroad then '0' || left(number_abroad, 3) || ' ' || substr(number_abroad, 4)
        when lang = 'zh' then '+86 ' || left(own_phone, 3) || ' ' || substr(own_phone, 4, 4) || ' '
            || substr(own_phone, 8)
        else case pick('phone format', member_id, 3)
            when 0 then '(' || left(own_phone, 3) || ') ' || substr(own_phone, 4, 3) || '-'
                || substr(own_phone, 7)
            when 1 then left(own_phone, 3) || '-' || substr(own_phone, 4, 3) || '-' || substr(own_phone, 7)
            else own_phone
        end
    end as phone,
    if(leaves_phone and no_phone is null and not by_store_phone,
        case when not is_abroad then dial || own_phone when is_in_singapore then '+65' || number_abroad
            else '+49' || number_abroad end, null) as phone_key,
    if(leaves_email, coalesce(no_email, if(u('second email', member_id) < 0.12, email2, email1)),
        null) as email,
    leaves_email and no_email is not null as is_email_blocked,
    case
        when not leaves_birth_date then null
        when is_placeholder_date then date '1900-01-01'
        when is_swapped then make_date(year(birth_date), day(birth_date), month(birth_date))
        else birth_date
    end as birth_date,
    not leaves_birth_date or is_placeholder_date or is_swapped as is_birth_date_wrong,
    {{ traps }} as traps
from reached
order by member_id
