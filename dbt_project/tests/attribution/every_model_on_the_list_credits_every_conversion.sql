-- law: each model on the list that is available credits as many conversions as there are orders with positive gross up to as_of_date
{{ config(tags=['law']) }}
with

models as (
    {{ offered_attribution_models() }}
),

credited as (
    select attribution_model, sum(credit) as conversions
    from {{ ref('attribution_credits') }}
    group by attribution_model
),

expected as (
    select count(*) as conversions
    from {{ ref('orders') }}
    where is_conversion and order_date <= {{ as_of_date() }}
)

select models.attribution_model, expected.conversions as expected_conversions, credited.conversions
from models
cross join expected
left join credited
    on models.attribution_model = credited.attribution_model
where abs(coalesce(credited.conversions, 0) - expected.conversions) > 1e-9 * greatest(expected.conversions, 1)
