-- whether expected orders and the probability of no purchase held in the weeks that nothing was learned from
select
    measure,
    status,
    horizon_days,
    customers as customer_count,
    unscaled_mean,
    predicted_mean,
    actual_mean,
    actual_low,
    actual_high,
    deciles_inside,
    message
from {{ source('insight', 'customer_value_verdict') }}
