{#
holes:
  refused: is_phone_refused, is_email_refused
unportable: ["* exclude", hash(), string_agg()]
#}
create or replace temp table judged as
with carried as (
    select
        record_key,
        bool_or(identifier_type = 'phone' and is_blocked) as is_phone_refused,
        bool_or(identifier_type = 'email' and is_blocked) as is_email_refused,
        bool_or(identifier_type = 'national_id' and is_blocked) as is_national_id_refused,
        bool_or(identifier_type = 'street' and is_blocked) as is_street_refused,
        bool_or(identifier_type = 'phone' and not is_blocked) as is_phone_shared,
        bool_or(identifier_type = 'email' and not is_blocked) as is_email_shared,
        bool_or(identifier_type = 'street' and not is_blocked) as is_street_shared
    from identity.identifiers
    where (is_blocked or people_count > 1) and record_key in (select to_judge.record_key from to_judge)
    group by record_key
),
rulings as (
    select record_key_l as record_key, kind, record_key_r as other from state.rulings where not is_undone
    union all
    select record_key_r as record_key, kind, record_key_l as other from state.rulings where not is_undone
),
ruled as (
    select record_key, string_agg(kind || ' ' || other, ' ' order by kind, other) as ruled_with
    from rulings
    group by record_key
),
spoken as (
    select
        r.record_key,
        r.delivered_hash,
        n.identifier_value is not null as is_name_refused,
        coalesce(is_phone_refused, false) as is_phone_refused,
        coalesce(is_email_refused, false) as is_email_refused,
        b.identifier_value is not null as is_birth_date_refused,
        coalesce(is_national_id_refused, false) as is_national_id_refused,
        coalesce(is_street_refused, false) as is_street_refused,
        coalesce(is_phone_shared, false) as is_phone_shared,
        coalesce(is_email_shared, false) as is_email_shared,
        coalesce(is_street_shared, false) as is_street_shared,
        ruled.ruled_with
    from (
        select * from identity.records where record_key in (select to_judge.record_key from to_judge)
    ) as r
    left join carried using (record_key)
    left join identity.blocked_identifiers as n on n.identifier_type = 'name' and n.identifier_value = r.name_exact
    left join identity.blocked_identifiers as b
        on b.identifier_type = 'birth_date' and b.identifier_value = r.birth_key
    left join ruled on ruled.record_key = r.record_key
)
select
    * exclude (delivered_hash),
    hash(delivered_hash, {{ refused }}, is_phone_shared, is_email_shared, is_street_shared, ruled_with) as judged_hash
from spoken
