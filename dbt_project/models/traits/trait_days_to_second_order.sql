-- days from the first order to the second, of customers with two
select
    customer_id,
    cast(null as string) as text_value,
    cast({{ days_between('min(case when order_number = 1 then order_date end)', 'min(case when order_number = 2 then order_date end)') }} as double) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
having max(order_number) >= 2
