-- where the customer buys: online only, store only, or both
select
    customer_id,
    case
        when bool_or(is_store_order) and bool_or(not is_store_order) then 'both'
        when bool_or(is_store_order) then 'store only'
        else 'online only'
    end as text_value,
    cast(null as double) as number_value
from {{ ref('profiled_orders') }}
group by customer_id
