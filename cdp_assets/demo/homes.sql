{#
holes:
  who: {chinese: 0.5, chinese_abroad: 0.5}
  first: 1
  last: 9
  traps: {twins: 0.5, twins_one_phone: 0.5, father_and_son: 0.5, family_phone: 0.5, family_email: 0.5}
  us_cities: 9
  cn_cities: 9
  street_slots: 9
#}
with households as (
    select *, if(u('language', household_no) < {{ who.chinese }}, 'zh', 'en') as lang
    from households where household_no between {{ first }} and {{ last }}
),
placed as (
    select
        *,
        if(lang = 'en' or u('abroad', household_no) < {{ who.chinese_abroad }}, 'US', 'CN') as country,
        size > 1 and u('twins', household_no) < {{ traps.twins }} as has_twins,
        lang = 'en' and size > 2 and u('junior', household_no) < {{ traps.father_and_son }} as has_junior,
        size > 1 and u('family phone', household_no) < {{ traps.family_phone }}
            or has_twins and u('landline', household_no) < {{ traps.twins_one_phone }} as has_family_phone,
        size > 1 and u('family email', household_no) < {{ traps.family_email }} as has_family_email
    from households
)
select
    placed.*,
    city, region, region_name, district, area,
    if(country = 'US',
        zip3 || lpad(pick('zip', household_no, 100)::varchar, 2, '0'),
        zip3 || lpad(pick('zip', household_no, 100)::varchar, 3, '0')) as postcode,
    if(country = 'US',
        (1 + pick('house', household_no, 1900)) || ' ' || street_name
            || if(u('flat', household_no) < 0.35, ' Apt ' || (1 + pick('apartment', household_no, 60)), ''),
        district || street_name || (1 + pick('house', household_no, 900)) || '号'
            || (1 + pick('building', household_no, 30)) || '幢'
            || (100 + pick('apartment', household_no, 2400)) || '室') as street
from placed
join city_pool using (country)
join street_pool using (country)
where city_pool.slot = if(country = 'US',
        pick('city', household_no, {{ us_cities }}),
        pick('city', household_no, {{ cn_cities }}))
    and street_pool.slot = pick('street', household_no, {{ street_slots }})
