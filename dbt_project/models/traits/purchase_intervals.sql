-- days between one purchase day and the next, of profiled customers
{{ config(materialized='table') }}
with

purchase_days as (
    select
        customer_id,
        purchase_date,
        lag(purchase_date) over (partition by customer_id order by purchase_date) as previous_date
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
)

select
    customer_id,
    purchase_date,
    {{ days_between('previous_date', 'purchase_date') }} as interval_days
from purchase_days
where previous_date is not null
