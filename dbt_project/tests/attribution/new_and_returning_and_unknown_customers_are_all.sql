-- law: credit of new, of returning and of customers of whom it is not known adds up to the credit of all
{{ config(tags=['law']) }}
with

summed as (
    select
        dimension,
        attribution_model,
        marketing_channel,
        campaign,
        period,
        sum(case when customer_type = 'all' then conversions else 0 end) as conversions_of_all,
        sum(case when customer_type <> 'all' then conversions else 0 end) as conversions_of_types,
        sum(case when customer_type = 'all' then gross_revenue else 0 end) as revenue_of_all,
        sum(case when customer_type <> 'all' then gross_revenue else 0 end) as revenue_of_types
    from {{ ref('attribution_summary') }}
    group by dimension, attribution_model, marketing_channel, campaign, period
)

select *
from summed
where abs(conversions_of_all - conversions_of_types) > 0.000001
    or abs(revenue_of_all - revenue_of_types) > 0.0001
