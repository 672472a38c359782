-- probability of no purchase in the next six months by BG/NBD (marts.customer_value). Not 1 − P(alive): that is 0 for every
-- one-time buyer, however long ago. Nobody has one where the holdout says that it does not hold
select
    customer_id,
    cast(null as string) as text_value,
    probability_no_purchase_6_months as number_value
from {{ source('insight', 'customer_value') }}
where probability_no_purchase_6_months is not null
    and not exists (
        select 1
        from {{ source('insight', 'customer_value_verdict') }}
        where measure = 'silence' and status = 'does_not_hold'
    )
