-- law: the deciles of a measure hold every customer of its verdict once, and their means are the verdict's; a decile is inside its interval or near
-- it, and as many are as the verdict counted
{{ config(tags=['law']) }}
with

deciles as (
    select
        measure,
        sum(customer_count) as customer_count,
        sum(customer_count * predicted_mean) / sum(customer_count) as predicted_mean,
        sum(customer_count * actual_mean) / sum(customer_count) as actual_mean,
        sum(case when is_inside then 1 else 0 end) as deciles_inside,
        bool_or(actual_mean not between actual_low and actual_high) as is_beside_itself,
        bool_or(predicted_mean between actual_low and actual_high and not is_inside) as is_misjudged
    from {{ ref('churn_calibration') }}
    group by measure
)

select deciles.measure
from deciles
left join {{ ref('customer_value_verdict') }} as verdicts
    on deciles.measure = verdicts.measure
where verdicts.measure is null
    or deciles.customer_count <> verdicts.customer_count
    or abs(deciles.predicted_mean - verdicts.predicted_mean) > 0.000001
    or abs(deciles.actual_mean - verdicts.actual_mean) > 0.000001
    or deciles.deciles_inside <> verdicts.deciles_inside
    or deciles.is_beside_itself
    or deciles.is_misjudged
