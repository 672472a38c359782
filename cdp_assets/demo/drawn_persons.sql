{#
holes:
  surname_slots: 9
  given_slots: 9
  traps: {married_name: 0.5, recycled_phone: 0.5, namesakes: 0.5}
  who: {joins_in_year: 0.5, lapses: 0.5, buys_once: 0.5}
#}
with members as (
    select homes.*, unnest(range(size)) as role, first_person + role as person_no from homes
),
gendered as (
    select
        *,
        has_twins and role < 2 as is_twin,
        if(u('gender', household_no) < 0.58, 'F', 'M') as head_gender,
        case
            when role = 0 then head_gender
            when role = 1 and has_twins
                then if(u('twin gender', household_no) < 0.6, head_gender, if(head_gender = 'F', 'M', 'F'))
            when role = 1 and u('couple', household_no) < 0.92 then if(head_gender = 'F', 'M', 'F')
            else if(u('gender', household_no || '.' || role) < 0.5, 'F', 'M')
        end as drawn_gender,
        date '1946-01-01' + pick('born', household_no, 18600)::int as head_born,
        has_junior and not has_twins and head_gender = 'M' and head_born < date '1978-01-01'
            and role in (0, 2) as is_of_one_name,
        if(is_of_one_name, 'M', drawn_gender) as gender
    from members
)
select
    * exclude (drawn_gender),
    if(is_of_one_name, if(role = 0, 'Sr.', 'Jr.'), null) as generation,
    case
        when role = 0 or is_twin then head_born
        when role = 1 then least(head_born + (pick('partner born', household_no, 4000) - 2000)::int,
            date '1999-06-01')
        else least(head_born + (7600 + pick('child born', person_no, 4400))::int,
            date '1999-01-01' + pick('young', person_no, 900)::int)
    end as birth_date,
    if(role = 1 and not is_twin and (lang = 'zh' or u('own surname', household_no) < 0.2),
        pick('surname', person_no, {{ surname_slots }}), pick('home surname', household_no, {{ surname_slots }}))
        as surname_slot,
    pick('maiden surname', person_no, {{ surname_slots }}) as maiden_slot,
    pick('given', if(is_of_one_name, first_person, person_no), {{ given_slots }}) as given_slot,
    lang = 'en' and gender = 'F' and u('married', person_no) < {{ traps.married_name }} as is_married_name,
    lang || if(lang = 'zh', if(country = 'US', '_abroad', '_home'), '') as kind,
    u('joins', person_no) < {{ who.joins_in_year }} as is_joiner,
    u('lapses', person_no) < {{ who.lapses }} as is_lapser,
    u('buys once', person_no) < {{ who.buys_once }} as is_one_time,
    u('recycled', person_no) < {{ traps.recycled_phone }} and role = 0 as takes_recycled,
    u('namesake', person_no) < {{ traps.namesakes }} and role = 0 and not is_of_one_name as takes_namesake
from gendered
