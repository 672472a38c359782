-- repeat orders predicted and seen, week by week, with parameters fitted before the holdout
select
    week_number,
    week_start_date,
    is_holdout,
    actual_repeat_orders,
    predicted_repeat_orders,
    actual_cumulative,
    predicted_cumulative
from {{ source('insight', 'customer_value_calibration') }}
