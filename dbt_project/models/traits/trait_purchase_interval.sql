-- mean days between purchase days, of customers with two or more
select
    customer_id,
    cast(null as string) as text_value,
    cast(avg(interval_days) as double) as number_value
from {{ ref('purchase_intervals') }}
group by customer_id
