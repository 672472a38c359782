-- law: each conversion stands in each model on the list that is available
{{ config(tags=['law']) }}
with

models as (
    {{ offered_attribution_models() }}
),

counted as (
    select attribution_model, count(distinct conversion_id) as conversions
    from {{ ref('attribution_credits') }}
    group by attribution_model
),

expected as (
    select count(*) as conversions
    from {{ ref('orders') }}
    where is_conversion
)

select models.attribution_model, expected.conversions as expected_conversions, counted.conversions
from models
cross join expected
left join counted
    on models.attribution_model = counted.attribution_model
where coalesce(counted.conversions, 0) <> expected.conversions
