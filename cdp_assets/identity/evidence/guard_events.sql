{#
unportable: [right()]
#}
create or replace table identity.guard_events as
with masked as (
    select
        *,
        case
            when identifier_type = 'email'
                then left(identifier_value, 1) || '***@' || split_part(identifier_value, '@', 2)
            when identifier_type in ('name', 'birth_date') then '***'
            else '***' || right(identifier_value, 3)
        end as masked_value
    from identity.blocked_identifiers
)
select
    rule as guard,
    identifier_type,
    pseudonym(identifier_type || chr(31) || identifier_value) as identifier_key,
    record_count,
    people_count,
    case
        when rule like 'placeholder%' then
            replace(identifier_type, '_', ' ') || ' ' || masked_value || ' is a placeholder: it does not count as evidence on '
            || record_count || ' records'
        when rule = 'own_contact' then
            replace(identifier_type, '_', ' ') || ' ' || masked_value
            || ' is the retailer''s own: it does not count as evidence on ' || record_count || ' records'
        when rule like 'too_many_people%' then
            replace(identifier_type, '_', ' ') || ' ' || masked_value || ' is carried by at least ' || people_count
            || ' different people on ' || record_count || ' records: it does not count as evidence'
        else
            replace(identifier_type, '_', ' ') || ' ' || masked_value || ' is carried by ' || record_count
            || ' records without a name to tell them apart: it does not count as evidence'
    end as message
from masked
order by guard, identifier_type, identifier_key
