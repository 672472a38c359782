-- law: who is scored or staged today stands once in today's history
{{ config(tags=['law']) }}
with

today as (
    select 'rfm' as history, as_of_date, customer_id from {{ ref('customer_rfm') }}
    union all
    select 'lifecycle' as history, as_of_date, customer_id from {{ ref('customer_lifecycle') }}
),

kept as (
    select 'rfm' as history, as_of_date, customer_id from {{ ref('rfm_history') }}
    union all
    select 'lifecycle' as history, as_of_date, customer_id from {{ ref('lifecycle_history') }}
)

select today.history, today.as_of_date, today.customer_id
from today
left join kept
    on today.history = kept.history
    and today.as_of_date = kept.as_of_date
    and today.customer_id = kept.customer_id
where kept.customer_id is null
