-- what each customer with a purchase day is expected to buy and be worth, rescaled by what the holdout taught; what did not hold there is
-- not shown. BG/NBD lets nobody leave before a second purchase, so that a one-time buyer has no probability of being alive
with

verdicts as (
    select
        max(case when measure = 'orders' then status end) as orders_verdict,
        max(case when measure = 'silence' then status end) as silence_verdict
    from {{ source('insight', 'customer_value_verdict') }}
)

select
    customer_value.customer_id,
    customer_value.repeat_purchase_days,
    customer_value.recency_days,
    customer_value.age_days,
    customer_value.is_in_fit,
    {%- for months in [3, 6, 12] %}
    case when verdicts.orders_verdict <> 'does_not_hold' then customer_value.expected_purchase_days_{{ months }}_months end as expected_purchase_days_{{ months }}_months,
    {%- endfor %}
    case when customer_value.repeat_purchase_days > 0 and verdicts.orders_verdict <> 'does_not_hold' then customer_value.probability_alive end
        as probability_alive,
    case when verdicts.silence_verdict <> 'does_not_hold' then customer_value.probability_no_purchase_6_months end as probability_no_purchase_6_months,
    customer_value.mean_repeat_value,
    customer_value.expected_order_value,
    customer_value.is_population_order_value,
    case when verdicts.orders_verdict <> 'does_not_hold' then customer_value.discounted_value_12_months end as discounted_value_12_months,
    customer_value.discount_rate,
    verdicts.orders_verdict as verdict
from {{ source('insight', 'customer_value') }} as customer_value
cross join verdicts
