-- probability of no purchase in the next six months by BG/NBD (marts.customer_value). Not 1 − P(alive): that is 0 for every
-- one-time buyer, however long ago
select
    customer_id,
    cast(null as varchar) as text_value,
    probability_no_purchase_6_months as number_value
from {{ source('insight', 'customer_value') }}
where probability_no_purchase_6_months is not null
