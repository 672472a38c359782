-- mean pieces per order, of the orders whose pieces are known
select
    customer_id,
    cast(null as string) as text_value,
    cast(avg(item_quantity) as double) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
having count(item_quantity) > 0
