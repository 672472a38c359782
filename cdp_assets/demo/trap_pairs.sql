{#
holes:
  tablet: "'a-device'"
#}
with base as (
    select record, channel, source_customer_id, natural_key, person_no, household_no, phone_key,
        email_key, refused_value,
        traps, support_id
    from true_records
),
-- one record per person and channel stands for the others
standing as (
    select * from base qualify row_number() over (partition by person_no, channel order by record) = 1
),
-- and one per person, channel and value for the others that give it
giving as (
    select * from base
    qualify row_number() over (partition by person_no, channel, phone_key, email_key order by record) = 1
),
sharing as (
    select l.record as l, r.record as r,
        case
            when l.household_no <> r.household_no then 'recycled_phone'
            when one.is_twin and other.is_twin then 'twins_one_phone'
            else 'family_phone'
        end as trap
    from giving as l
    join giving as r on l.phone_key = r.phone_key and l.person_no < r.person_no
    join persons as one on one.person_no = l.person_no
    join persons as other on other.person_no = r.person_no
    union all
    select l.record, r.record, 'family_email'
    from giving as l join giving as r on l.email_key = r.email_key and l.person_no < r.person_no
),
refused as (
    select lag(record) over (partition by refused_value order by record) as l, record as r,
        case when refused_value like '%@%' then 'placeholder_email'
            when list_contains(traps, 'staff_card') then 'staff_card'
            when list_contains(traps, 'store_phone') then 'store_phone' else 'placeholder_phone' end as trap
    from base where refused_value is not null
    union all
    select l.record, r.record, 'staff_card'
    from base as r
    join base as l on l.channel = 'loyalty' and l.source_customer_id = r.refused_value
    where list_contains(r.traps, 'staff_card')
),
lookalikes as (
    select l.record as l, r.record as r, 'twins' as trap
    from persons as one
    join persons as other on other.household_no = one.household_no and other.is_twin and one.is_twin
        and other.person_no > one.person_no
    join standing as l on l.person_no = one.person_no
    join standing as r on r.person_no = other.person_no
    union all
    select l.record, r.record, 'father_and_son'
    from persons as one
    join persons as other on other.household_no = one.household_no and one.generation = 'Sr.' and other.generation = 'Jr.'
    join standing as l on l.person_no = one.person_no
    join standing as r on r.person_no = other.person_no
    union all
    select l.record, r.record,
        case
            when one.is_namesake_of_street then 'namesakes_of_street'
            when one.is_next_number then 'namesakes_next_number'
            else 'namesakes'
        end
    from persons as one
    join standing as l on l.person_no = one.person_no
    join standing as r on r.person_no = one.namesake_of
),
-- a card that says one name alone, or a street with a slip, or another's document, beside the others of the house
of_house as (
    select l.record as l, r.record as r, if(l.trap in ('street_slip', 'house_slip'), 'near_street', l.trap) as trap
    from (select *, unnest(traps) as trap from base) as l
    join standing as r on r.household_no = l.household_no and r.person_no <> l.person_no
    where l.trap in ('family_name_only', 'given_name_only', 'street_slip', 'house_slip', 'document_borrowed')
),
gifts_sent as (
    select l.record as l, r.record as r, 'gift' as trap
    from base as r
    join base as l on r.channel = 'shopify' and l.channel = 'shopify'
        and l.source_customer_id = 'guest:' || substr(r.source_customer_id, 11)
    where r.source_customer_id like 'recipient:%'
    union all
    select l.record, r.record, 'gift'
    from program_checkouts as parcel
    join base as r on r.channel = 'youzan' and r.source_customer_id = 'recipient:' || parcel.order_id
    join (
        select * from base
        where channel = 'youzan' and coalesce(source_customer_id, '') not like 'recipient:%'
        qualify row_number() over (partition by person_no order by record) = 1
    ) as l on l.person_no = parcel.person_no
    where parcel.is_gift
),
in_common as (
    select lag(record) over (order by record) as l, record as r, 'store_tablet' as trap
    from base
    where channel = 'ga4'
        and source_customer_id in (select customer_id from sessions where user_pseudo_id = {{ tablet }})
    union all
    select lag(record) over (order by record), record, 'birth_date_placeholder'
    from base where channel = 'loyalty' and list_contains(traps, 'birth_date_placeholder')
),
-- a record that hides its owner, beside one of the same person that does not
disguised as (
    select l.record as l, r.record as r, trap
    from (select *, unnest(traps) as trap from standing) as l
    join standing as r on l.person_no = r.person_no and l.record <> r.record and not list_contains(r.traps, trap)
    where trap in ('pinyin', 'nickname', 'married_name', 'typo', 'alias', 'character_slip', 'masked_phone', 'wechat_only',
        'birth_date_swapped', 'family_name_only', 'given_name_only', 'street_slip', 'house_slip', 'document_borrowed', 'document_slip')
    union all
    select l.record, r.record, trap
    from (select *, unnest(traps) as trap from giving) as l
    join standing as r on r.person_no = l.person_no and r.channel = 'shopify'
    where trap in ('guest_checkout', 'second_account') and l.record <> r.record
),
paired as (
    select * from sharing
    union select * from refused where l is not null
    union select * from in_common where l is not null
    union select * from lookalikes
    union select * from of_house
    union select * from gifts_sent
    union select * from disguised
)
select
    l.channel as channel_l, l.source_customer_id as id_l, l.natural_key as natural_key_l,
    r.channel as channel_r, r.source_customer_id as id_r, r.natural_key as natural_key_r,
    trap, l.person_no = r.person_no as is_match,
    coalesce(l.person_no = r.person_no and l.support_id = r.support_id, false) as is_supported
from paired
join base as l on l.record = paired.l
join base as r on r.record = paired.r
order by trap, paired.l, paired.r
