-- share of the gross revenue that was bought in orders with a discount, 0 to 1
select
    customer_id,
    cast(null as string) as text_value,
    cast(coalesce(sum(gross_revenue) filter (where discount_revenue > 0), 0) as double) / cast(sum(gross_revenue) as double) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
having sum(gross_revenue) > 0
