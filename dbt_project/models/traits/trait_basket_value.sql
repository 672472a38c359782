-- mean gross revenue per order, in the reporting currency
select
    customer_id,
    cast(null as string) as text_value,
    cast(sum(gross_revenue) as double) / count(*) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
