-- share of the orders with a coupon or discount code, 0 to 1
select
    customer_id,
    cast(null as string) as text_value,
    cast(count(coupon_code) as double) / count(*) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
