with before as (
    select identifiers.record_key, identifiers.identifier_type, identifiers.is_blocked, identifiers.people_count > 1 as is_shared
    from identity.identifiers as identifiers
    inner join touched
        on touched.identifier_type = identifiers.identifier_type and touched.identifier_value = identifiers.identifier_value
),
after as (
    select record_key, identifier_type, is_blocked, people_count > 1 as is_shared from weighed
),
names_before as (
    select identifier_value from identity.blocked_identifiers where identifier_type = 'name'
),
names_after as (
    select identifier_value from refused where identifier_type = 'name'
),
other_names as (
    (select identifier_value from names_before except select identifier_value from names_after)
    union all
    (select identifier_value from names_after except select identifier_value from names_before)
)
select record_key from fresh
union
select record_key from stale
union
select record_key from ((select * from before except select * from after) union all (select * from after except select * from before))
union
select records.record_key
from identity.records as records
inner join other_names on other_names.identifier_value = records.name_exact
