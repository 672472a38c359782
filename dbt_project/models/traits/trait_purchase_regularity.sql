-- how regular the rhythm is: 1 ÷ (1 + coefficient of variation of the intervals), 1 is a clock; of customers with three intervals or more
select
    customer_id,
    cast(null as string) as text_value,
    1 / (1 + stddev_samp(interval_days) / avg(interval_days)) as number_value
from {{ ref('purchase_intervals') }}
group by customer_id
having count(*) >= 3
