{#
holes:
  now_file: now_marts
  before_file: before_marts
#}
with now_rows as (select record_key, customer_id from {{ now_file }}.marts.customer_crosswalk where customer_id is not null),
before_rows as (select record_key, customer_id from {{ before_file }}.marts.customer_crosswalk where customer_id is not null),
now_ids as (select customer_id from {{ now_file }}.marts.customers),
before_ids as (select customer_id from {{ before_file }}.marts.customers),
came as (
    -- An id that is new here: its records are new, or were somebody else's (split), or it was known once (revived).
    select n.customer_id, max(b.customer_id) as other_customer_id, count(*) as record_count
    from now_rows as n
    left join before_rows as b on n.record_key = b.record_key
    where n.customer_id not in (select customer_id from before_ids)
    group by n.customer_id
),
went as (
    -- An id that is gone: its records are somebody else's now (merged), or are gone too (retired).
    select b.customer_id, max(n.customer_id) as other_customer_id, count(*) as record_count
    from before_rows as b
    left join now_rows as n on b.record_key = n.record_key
    where b.customer_id not in (select customer_id from now_ids)
    group by b.customer_id
),
known as (select distinct customer_id from {{ before_file }}.marts.customer_id_events)
select
    case
        when came.customer_id in (select customer_id from known) then 'revived'
        when came.other_customer_id is null then 'created' else 'split'
    end as kind,
    came.customer_id, came.other_customer_id, came.record_count
from came
union all
select case when other_customer_id is null then 'retired' else 'merged' end, customer_id, other_customer_id, record_count
from went
