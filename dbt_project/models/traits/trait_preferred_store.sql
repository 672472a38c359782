-- the store where the customer bought or picked up most orders; ties go to the larger gross revenue, then to the name
with

bought as (
    select customer_id, store_id as choice, count(*) as order_count, sum(gross_revenue) as gross_revenue
    from {{ ref('profiled_orders') }}
    where store_id is not null
    group by customer_id, store_id
)

select
    customer_id,
    choice as text_value,
    cast(null as double) as number_value
from bought
qualify row_number() over (partition by customer_id order by order_count desc, gross_revenue desc, choice) = 1
