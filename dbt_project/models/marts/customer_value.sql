-- what each customer with a purchase day is expected to buy and be worth
select
    customer_id,
    repeat_purchase_days,
    recency_days,
    age_days,
    is_in_fit,
    expected_orders_3_months,
    expected_orders_6_months,
    expected_orders_12_months,
    probability_alive,
    probability_no_purchase_6_months,
    mean_repeat_value,
    expected_order_value,
    is_population_order_value,
    discounted_value_12_months,
    discount_rate
from {{ source('insight', 'customer_value') }}
