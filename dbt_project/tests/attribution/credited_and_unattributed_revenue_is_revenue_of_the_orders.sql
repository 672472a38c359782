-- law: per model, channel and order date, credited + unattributed conversions and revenue are those of the orders
{{ config(tags=['law']) }}
with

models as (
    select distinct attribution_model
    from {{ ref('attribution_credits') }}
),

ordered as (
    select channel, order_date, count(*) as conversions, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue
    from {{ ref('orders') }}
    where is_conversion and order_date <= {{ as_of_date() }}
    group by channel, order_date
),

expected as (
    select
        models.attribution_model, ordered.channel, ordered.order_date, ordered.conversions, ordered.gross_revenue, ordered.net_revenue
    from ordered
    cross join models
),

credited as (
    select
        attribution_model,
        channel,
        conversion_date,
        sum(credit) as conversions,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue
    from {{ ref('attribution_credits') }}
    group by attribution_model, channel, conversion_date
)

select
    coalesce(expected.attribution_model, credited.attribution_model) as attribution_model,
    coalesce(expected.channel, credited.channel) as channel,
    coalesce(expected.order_date, credited.conversion_date) as order_date,
    expected.gross_revenue as expected_gross_revenue,
    credited.gross_revenue
from expected
full outer join credited
    on expected.attribution_model = credited.attribution_model
    and expected.channel = credited.channel
    and expected.order_date = credited.conversion_date
where coalesce(abs(expected.conversions - credited.conversions), 1) > 1e-6
    or coalesce(abs(expected.gross_revenue - credited.gross_revenue), 1) > 1e-4
    or coalesce(abs(expected.net_revenue - credited.net_revenue), 1) > 1e-4
