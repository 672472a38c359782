-- a warning: rows of former runs whose id neither lives nor was merged or retired (as after a rollback)
{{ config(severity='warn', tags=['law']) }}
with

live as (
    select distinct customer_id
    from {{ ref('customer_crosswalk') }}
),

histories as (
    select 'rfm_history' as found_in, as_of_date, customer_id, closed_reason from {{ ref('rfm_history') }}
    union all
    select 'lifecycle_history' as found_in, as_of_date, customer_id, closed_reason from {{ ref('lifecycle_history') }}
)

select histories.found_in, histories.as_of_date, histories.customer_id
from histories
left join live
    on histories.customer_id = live.customer_id
where live.customer_id is null and histories.closed_reason is null
