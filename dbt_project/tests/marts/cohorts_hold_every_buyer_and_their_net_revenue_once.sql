-- law: cohorts hold every customer with a purchase day once, and what these customers brought
{{ config(tags=['law']) }}
with

buyers as (
    select customer_id
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
    group by customer_id
),

expected as (
    select count(distinct days.customer_id) as customers, coalesce(sum(days.net_amount), 0) as net_revenue
    from {{ ref('customer_purchase_days') }} as days
    inner join buyers
        on days.customer_id = buyers.customer_id
    inner join (
        select customer_id, min(purchase_date) as first_date
        from {{ ref('customer_purchase_days') }}
        where is_purchase_day
        group by customer_id
    ) as first_days
        on days.customer_id = first_days.customer_id
        and days.purchase_date >= cast(date_trunc('month', first_days.first_date) as date)
),

found as (
    select
        coalesce(sum(case when months_since = 0 then cohort_customers end), 0) as customers,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref('customer_cohorts') }}
)

select expected.customers, found.customers as customers_found, expected.net_revenue, found.net_revenue as net_revenue_found
from expected
cross join found
where expected.customers <> found.customers or abs(expected.net_revenue - found.net_revenue) > 0.005
