{#
holes:
  now_file: now_marts
  before_file: before_marts
#}
-- Whoever came or went is few beside all others: joins are of their records, so that the page needs little memory.
with came_ids as (
    select customer_id from {{ now_file }}.marts.customers
    where customer_id not in (select customer_id from {{ before_file }}.marts.customers)
),
went_ids as (
    select customer_id from {{ before_file }}.marts.customers
    where customer_id not in (select customer_id from {{ now_file }}.marts.customers)
),
came_rows as (
    select record_key, customer_id from {{ now_file }}.marts.customer_crosswalk
    where customer_id in (select customer_id from came_ids)
),
went_rows as (
    select record_key, customer_id from {{ before_file }}.marts.customer_crosswalk
    where customer_id in (select customer_id from went_ids)
),
came as (
    -- An id that is new here: its records are new, or were somebody else's (split), or it was known once (revived).
    select came_rows.customer_id, max(former.customer_id) as other_customer_id, count(*) as record_count
    from came_rows
    left join (
        select record_key, customer_id from {{ before_file }}.marts.customer_crosswalk
        where record_key in (select record_key from came_rows)
    ) as former on came_rows.record_key = former.record_key
    group by came_rows.customer_id
),
went as (
    -- An id that is gone: its records are somebody else's now (merged), or are gone too (retired).
    select went_rows.customer_id, max(later.customer_id) as other_customer_id, count(*) as record_count
    from went_rows
    left join (
        select record_key, customer_id from {{ now_file }}.marts.customer_crosswalk
        where record_key in (select record_key from went_rows)
    ) as later on went_rows.record_key = later.record_key
    group by went_rows.customer_id
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
