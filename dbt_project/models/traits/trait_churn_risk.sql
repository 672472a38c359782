-- 1 − the probability that the customer is still alive by BG/NBD (marts.customer_value)
select
    customer_id,
    cast(null as varchar) as text_value,
    1 - probability_alive as number_value
from {{ source('insight', 'customer_value') }}
where probability_alive is not null
