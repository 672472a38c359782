-- every purchase day with what was known of the customer's rhythm then: how many days, how far apart, and until when it was the last
with

purchase_days as (
    select
        customer_id,
        purchase_date,
        row_number() over customer_days as day_number,
        min(purchase_date) over (partition by customer_id) as first_date,
        lag(purchase_date) over customer_days as previous_date,
        lead(purchase_date) over customer_days as next_date
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
    window customer_days as (partition by customer_id order by purchase_date)
)

select
    customer_id,
    purchase_date,
    day_number,
    first_date,
    previous_date,
    next_date,
    cast({{ days_between('first_date', 'purchase_date') }} as double) / nullif(day_number - 1, 0) as own_interval_days,
    cast({{ days_between('first_date', 'previous_date') }} as double) / nullif(day_number - 2, 0) as former_interval_days,
    {{ days_between('previous_date', 'purchase_date') }} as gap_days
from purchase_days
