-- law: the scorecard's quarters and weeks add up to the net revenue of orders less what was given back of no known order, up to as_of_date
-- and from the first order's week on
{{ config(tags=['law']) }}
with

measured as (
    select cadence, sum(measured_value) as net_revenue
    from {{ ref('scorecard_measures') }}
    where measure = 'net_revenue'
    group by cadence
),

expected as (
    select
        (select coalesce(sum(net_revenue), 0) from {{ ref('orders') }} where order_date <= {{ as_of_date() }})
        - (
            select coalesce(sum(refund_revenue), 0) from {{ ref('refunds') }}
            where {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
                and refund_date >= (select min(period_start) from {{ ref('scorecard_periods') }})
        ) as net_revenue
)

select measured.cadence, measured.net_revenue, expected.net_revenue as expected_net_revenue
from measured
cross join expected
where abs(measured.net_revenue - cast(expected.net_revenue as double)) > 0.005
