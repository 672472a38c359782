-- customers by the month, sales channel and marketing channel of their first purchase: how many bought in each month since, and what the
-- cohort has brought so far. Months that are not over are counted up to as_of_date, and say so
with

first_orders as (
    select customer_id, channel
    from {{ ref('customer_orders') }}
    where customer_order_number = 1 and order_date <= {{ as_of_date() }}
),

first_days as (
    select customer_id, min(purchase_date) as first_date
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
    group by customer_id
),

acquired as (
    select customer_id, text_value as marketing_channel
    from {{ ref('customer_trait_values') }}
    where trait = 'acquisition_channel'
),

customers as (
    select
        first_days.customer_id,
        cast(date_trunc('month', first_days.first_date) as date) as cohort_month,
        coalesce(first_orders.channel, 'unknown') as channel,
        coalesce(acquired.marketing_channel, 'unknown') as marketing_channel
    from first_days
    left join first_orders
        on first_days.customer_id = first_orders.customer_id
    left join acquired
        on first_days.customer_id = acquired.customer_id
),

cohorts as (
    select cohort_month, channel, marketing_channel, count(*) as cohort_customers
    from customers
    group by cohort_month, channel, marketing_channel
),

months as (
    {{ month_spine('(select coalesce(min(cohort_month), ' ~ as_of_date() ~ ') from cohorts)', as_of_date()) }}
),

bought as (
    select
        customers.cohort_month,
        customers.channel,
        customers.marketing_channel,
        cast(date_trunc('month', days.purchase_date) as date) as month_start,
        count(distinct case when days.is_purchase_day then days.customer_id end) as active_customers,
        sum(days.net_amount) as net_revenue
    from customers
    inner join {{ ref('customer_purchase_days') }} as days
        on customers.customer_id = days.customer_id
    group by customers.cohort_month, customers.channel, customers.marketing_channel, cast(date_trunc('month', days.purchase_date) as date)
)

select
    cohorts.cohort_month,
    cohorts.channel,
    cohorts.marketing_channel,
    {{ months_between('cohorts.cohort_month', 'months.month_start') }} as months_since,
    cohorts.cohort_customers,
    coalesce(bought.active_customers, 0) as active_customers,
    cast(coalesce(bought.active_customers, 0) as double) / cohorts.cohort_customers as retention,
    cast(coalesce(bought.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    cast(sum(coalesce(bought.net_revenue, 0)) over (
        partition by cohorts.cohort_month, cohorts.channel, cohorts.marketing_channel
        order by months.month_start
        rows between unbounded preceding and current row
    ) as decimal(18, 2)) as cumulative_net_revenue,
    {{ month_end('months.month_start') }} <= {{ as_of_date() }} as is_complete
from cohorts
inner join months
    on months.month_start >= cohorts.cohort_month
left join bought
    on cohorts.cohort_month = bought.cohort_month
    and cohorts.channel = bought.channel
    and cohorts.marketing_channel = bought.marketing_channel
    and months.month_start = bought.month_start
