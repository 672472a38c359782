{#
holes:
  cases: when people_count > 9 then 'too_many_people'
  births: "'19000101'"
  is_held: true
#}
create or replace temp table refused as
with judged as (
    select *, case {{ cases }} end as rule from spread
),
placeholder_names as (
    select
        'name' as identifier_type, name_exact as identifier_value, count(*) as record_count,
        0 as people_count, 'placeholder_name' as rule
    from identity.records
    where is_name_placeholder and name_exact is not null
    group by name_exact
),
placeholder_births as (
    select
        'birth_date' as identifier_type, birth_key as identifier_value, count(*) as record_count,
        0 as people_count, 'placeholder_birth_date' as rule
    from identity.records
    where birth_key in ({{ births }})
    group by birth_key
)
select identifier_type, identifier_value, rule, people_count, record_count from judged where rule is not null
{%- if is_held %}
union all
-- Nobody came to these values, and nobody went.
select old.identifier_type, old.identifier_value, old.rule, old.people_count, old.record_count
from identity.blocked_identifiers as old
left join touched on touched.identifier_type = old.identifier_type and touched.identifier_value = old.identifier_value
where old.identifier_type not in ('name', 'birth_date') and touched.identifier_value is null
{%- endif %}
union all
select identifier_type, identifier_value, rule, people_count, record_count from placeholder_names
union all
select identifier_type, identifier_value, rule, people_count, record_count from placeholder_births
order by identifier_type, identifier_value
