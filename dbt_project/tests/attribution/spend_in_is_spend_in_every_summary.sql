-- law: what staging says was spent stands whole in the summary and in the reconciliation of every model
{{ config(tags=['law']) }}
with

spent as (
    select coalesce(sum(cast(round(spend.spend * rates.rate, 6) as decimal(38, 6))), 0) as spend, count(*) as spend_rows
    from (
        {{ union_shape('spend') }}
    ) as spend
    inner join {{ ref('reporting_rates') }} as rates
        on spend.currency = rates.currency
        and spend.spend_date >= rates.valid_from
        and spend.spend_date < rates.valid_until
    where spend.spend_date <= {{ as_of_date() }}
),

summarised as (
    select attribution_model, 'summary' as found_in, coalesce(sum(spend), 0) as spend
    from {{ ref('attribution_summary') }}
    where dimension = 'marketing_channel' and period = 'all' and customer_type = 'all'
    group by attribution_model
    union all
    select attribution_model, 'reconciliation' as found_in, coalesce(sum(spend), 0) as spend
    from {{ ref('attribution_spend_reconciliation') }}
    group by attribution_model
)

select summarised.attribution_model, summarised.found_in, summarised.spend, spent.spend as expected_spend
from summarised
cross join spent
where abs(summarised.spend - spent.spend) > 0.005 * spent.spend_rows
