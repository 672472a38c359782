-- predicted against seen in the holdout, by decile of the prediction: the share of customers without a purchase (silence), and purchase
-- days per customer (orders)
select
    measure,
    decile,
    customers as customer_count,
    unscaled_mean,
    predicted_mean,
    actual_mean,
    actual_low,
    actual_high,
    is_inside
from {{ source('insight', 'customer_value_calibration_by_decile') }}
