{#
holes:
  birth_key: raw.birth_date
  gender_key: raw.gender
  national_id: raw.national_id
  street_words: raw.street
  city_words: raw.city
  region_words: raw.region
  postcode_key: raw.postcode
  loyalty_id: raw.loyalty_id
  placed_street: street_words
  bare_city: city_key
  city_of_street: street_words
  bare_region: region_key
  placeholder_names: "'test', 'unknown'"
unportable: ["* exclude", "* replace", a backslash in a text, concat_ws(), regexp_extract()]
#}
create or replace temp table read_records as
with joined as (
    select
        raw.record_key, raw.channel, raw.source_customer_id,
        coalesce(raw.record_kind, 'account') as record_kind,
        coalesce(raw.contact_role, 'buyer') as contact_role,
        coalesce(raw.full_name, nullif(concat_ws(' ', raw.given_name, raw.family_name), '')) as full_name,
        name_forms.given_key, name_forms.family_key, name_forms.given_canon,
        name_forms.given_han, name_forms.family_han, name_forms.name_exact, name_forms.name_sound,
        coalesce(name_forms.is_pinyin, false) as is_pinyin, name_forms.name_generation, name_forms.name_words,
        coalesce(trim(regexp_replace(
            lower(coalesce(raw.full_name, nullif(concat_ws(' ', raw.given_name, raw.family_name), ''))),
            '[^a-z\x{3400}-\x{9fff}]+', ' ', 'g')) in ({{ placeholder_names }}), false) as is_name_placeholder,
        -- what is no number where the channel is may be one where the person lives
        coalesce(phone_forms.phone_e164, phones_at_home.phone_e164) as phone, phone_forms.phone_head, phone_forms.phone_tail,
        case when not email_forms.is_relay then email_forms.email end as email,
        case when not email_forms.is_relay then email_forms.email_user end as email_user,
        case when not email_forms.is_relay then email_forms.email_domain end as email_domain,
        {{ birth_key }} as birth_key,
        {{ gender_key }} as gender_key,
        {{ national_id }} as national_id,
        {{ street_words }} as street_words,
        {{ city_words }} as city_key,
        {{ region_words }} as region_key,
        {{ postcode_key }} as postcode_key,
        coalesce(raw.country_code, upper(raw.country)) as country_key,
        {{ loyalty_id }} as loyalty_id,
        coalesce(raw.platform_id, case when email_forms.is_relay then 'relay:' || email_forms.email end) as platform_id,
        raw.phone is not null and coalesce(phone_forms.phone_e164, phones_at_home.phone_e164, phone_forms.phone_tail) is null
            as is_phone_unreadable,
        raw.email is not null and email_forms.email is null as is_email_unreadable,
        coalesce(email_forms.is_relay, false) as is_email_relay,
        raw.created_at, raw.updated_at, raw.delivered_hash
    from raw_records as raw
    left join name_forms using (name_raw)
    left join phone_forms on phone_forms.phone = raw.phone and phone_forms.region = raw.phone_region
    left join phone_forms as phones_at_home on phones_at_home.phone = raw.phone and phones_at_home.region = raw.country_code
    left join email_forms on email_forms.email_raw = raw.email
)
, placed as (
    select
        * replace (
            {{ placed_street }} as street_words,
            coalesce({{ bare_city }}, {{ city_of_street }}) as city_key,
            {{ bare_region }} as region_key
        )
    from joined
)
select
    * exclude (birth_key, street_words),
    case when birth_key between '10000000' and '21991231' then birth_key end as birth_key,
    street_words,
    replace(street_words, ' ', '') as street_key,
    nullif(regexp_extract(street_words, '[0-9]+'), '') as street_number
from placed
order by record_key
