{#
holes:
  idle: 0.5
  late_days: 45
#}
create or replace temp table planned as
with baskets as (
    select candidate, person_no, at_utc, true as is_of_the_year
    from candidates
    where channel = 'shopify'
    union all
    -- those of the next year's first weeks: their people are on the way already when the files end
    select
        candidate || 'n', person_no,
        timestamp '2018-01-01 05:00:00' + to_seconds(pick('next year', candidate, {{ late_days }} * 86400)), false
    from candidates
    where channel = 'shopify' and u('comes next year', candidate) < {{ late_days }} / 365
)

select
    candidate as journey, if(is_of_the_year, candidate, null) as candidate, person_no, at_utc as ends_at, not is_of_the_year as is_idle
from baskets
union all
select
    candidate || 'i', null, person_no,
    greatest(timestamp '2017-01-02 12:00:00' + to_seconds(pick('idle early', candidate, 86400)),
        at_utc - to_seconds(pick('idle', candidate, 2592000))),
    true
from baskets
where u('idles', candidate) < {{ idle }}
