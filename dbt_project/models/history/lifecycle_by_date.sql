-- this run's lifecycle stages, kept in state at publication
{{ config(tags=['history']) }}
select month_end as as_of_date, customer_id, stage, last_purchase_date, days_since_purchase, purchase_days
from {{ ref('lifecycle_months') }}
where month_end = {{ as_of_date() }}
