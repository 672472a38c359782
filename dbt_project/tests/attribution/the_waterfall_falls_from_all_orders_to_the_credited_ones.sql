-- law: the waterfall holds every conversion and all its revenue once
{{ config(tags=['law']) }}
with

fallen as (
    select coalesce(sum(conversions), 0) as conversions, coalesce(sum(gross_revenue), 0) as gross_revenue
    from {{ ref('attribution_waterfall') }}
),

expected as (
    select count(*) as conversions, coalesce(sum(gross_revenue), 0) as gross_revenue
    from {{ ref('orders') }}
    where is_conversion and order_date <= {{ as_of_date() }}
)

select fallen.conversions, expected.conversions as expected_conversions, fallen.gross_revenue, expected.gross_revenue as expected_gross_revenue
from fallen
cross join expected
where fallen.conversions <> expected.conversions or fallen.gross_revenue <> expected.gross_revenue
