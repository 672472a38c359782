-- the lifecycle stage of every profiled customer at as_of_date
select
    month_end as as_of_date,
    customer_id,
    stage,
    last_purchase_date,
    days_since_purchase,
    purchase_days,
    interval_days,
    silent_after_days,
    lost_after_days
from {{ ref('lifecycle_months') }}
where month_end = {{ as_of_date() }}
