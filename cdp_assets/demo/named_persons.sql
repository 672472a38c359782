{#
holes:
  namesake_distance: 9
  recycled_distance: 9
  of_street: 0.5
  next_number: 0.5
  is_number_free: person_no > 9
#}
with named as materialized (
    select
        drawn_persons.* exclude (head_gender, head_born, surname_slot, maiden_slot, given_slot),
        own.surname, own.surname_latin, maiden.surname as maiden_surname,
        given_pool.given, given_pool.given_latin, given_pool.nickname,
        chr((65 + pick('middle', person_no, 26))::int) as middle_initial
    from drawn_persons
    join surname_pool as own on own.lang = drawn_persons.lang and own.slot = drawn_persons.surname_slot
    join surname_pool as maiden on maiden.lang = drawn_persons.lang and maiden.slot = drawn_persons.maiden_slot
    join given_pool on given_pool.lang = drawn_persons.lang and given_pool.gender = drawn_persons.gender
        and given_pool.slot = drawn_persons.given_slot
),
neighboured as materialized (
    select
        *,
        lag(person_no, {{ namesake_distance }}) over (partition by kind, gender order by person_no) as lookalike,
        lag(person_no, {{ recycled_distance }}) over (partition by kind order by person_no) as stranger,
        -- null keys instead of conditions on the left side: those would make it a nested loop
        if(takes_namesake and not is_twin, lookalike, null) as name_from,
        if(takes_recycled and not has_family_phone, stranger, null) as phone_from,
        size = 1 and country = 'US' and u('street', person_no) < {{ of_street }} as is_alone
    from named
),
paired as materialized (
    select
        named.* exclude (lookalike, stranger, name_from, phone_from, is_alone) replace (
            coalesce(other.surname, named.surname) as surname,
            coalesce(other.surname_latin, named.surname_latin) as surname_latin,
            coalesce(other.given, named.given) as given,
            coalesce(other.given_latin, named.given_latin) as given_latin,
            if(other.person_no is null, named.nickname, other.nickname) as nickname,
            if(named.is_alone and other.country = 'US', other.city, named.city) as city,
            if(named.is_alone and other.country = 'US', other.region, named.region) as region,
            if(named.is_alone and other.country = 'US', other.region_name, named.region_name) as region_name,
            if(named.is_alone and other.country = 'US', other.postcode, named.postcode) as postcode,
            if(named.is_alone and other.country = 'US',
                regexp_extract(named.street, '^[0-9]+') || regexp_extract(other.street, '^[0-9]+( .*?)( Apt [0-9]+)?$', 1),
                named.street) as street
        ),
        other.person_no as namesake_of,
        coalesce(named.is_alone and other.country = 'US', false) as is_namesake_of_street,
        other.area as namesake_area,
        coalesce(
            named.lang = 'en' and named.phone_from is null and u('next number', named.person_no) < {{ next_number }}
            and {{ is_number_free }}, false) as has_next_number,
        former.person_no as number_from,
        former.area as number_area
    from neighboured as named
    left join (select * from neighboured where not takes_namesake) as other
        on other.person_no = named.name_from and other.household_no <> named.household_no
    left join (select * from neighboured where not takes_recycled and not has_family_phone) as former
        on former.person_no = named.phone_from and former.household_no <> named.household_no
)
select paired.*, receiver.person_no as number_to
from paired
left join paired as receiver on receiver.number_from = paired.person_no
