{#
holes:
  initials: r.given_key
  most_people: 3
  most_links: 9
  names_conflict: l.given_key <> r.given_key
#}
create or replace temp table judged_links as
with people as (
    select
        target_key,
        count(distinct {{ initials }}) as people_count,
        count(*) as link_count
    from link_candidates
    join identity.records as r on r.record_key = link_candidates.other_key
    group by target_key
),
judged as (
    select
        least(c.target_key, c.other_key) as record_key_l,
        greatest(c.target_key, c.other_key) as record_key_r,
        c.link_type,
        case
            when c.link_type = 'ruling' then null
            when people.people_count > {{ most_people }} then 'staff_card'
            when people.link_count > {{ most_links }} then 'too_many_links'
            when {{ names_conflict }} then 'names_conflict'
        end as reason,
        c.target_key
    from link_candidates as c
    left join people using (target_key)
    join identity.records as l on l.record_key = c.target_key
    join identity.records as r on r.record_key = c.other_key
    where c.target_key <> c.other_key
)
select
    record_key_l, record_key_r, link_type,
    max(reason) is not null as is_refused,
    max(reason) as reason,
    min(target_key) as target_key
from judged
group by record_key_l, record_key_r, link_type
