-- customers per lifecycle stage at the end of every month
select
    month_end,
    stage,
    count(*) as customer_count,
    cast(count(*) as double) / sum(count(*)) over (partition by month_end) as customer_share
from {{ ref('lifecycle_months') }}
group by month_end, stage
