-- how many customers buy a second time, and after how many days, by the sales channel of their first order. A share by so many days is
-- taken over customers who have been customers for at least so long
with

days as (
    select
        customer_id,
        purchase_date,
        row_number() over (partition by customer_id order by purchase_date) as day_number
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
),

customers as (
    select
        customer_id,
        max(case when day_number = 1 then purchase_date end) as first_date,
        max(case when day_number = 2 then purchase_date end) as second_date
    from days
    group by customer_id
),

measured as (
    select
        customers.customer_id,
        orders.channel,
        {{ days_between('customers.first_date', as_of_date()) }} as tenure_days,
        {{ days_between('customers.first_date', 'customers.second_date') }} as days_to_second
    from customers
    left join {{ ref('customer_orders') }} as orders
        on customers.customer_id = orders.customer_id
        and orders.customer_order_number = 1
),

by_channel as (
    select coalesce(channel, 'unknown') as channel, tenure_days, days_to_second from measured
    union all
    select 'all' as channel, tenure_days, days_to_second from measured
)

select
    channel,
    count(*) as customers,
    count(days_to_second) as repeat_customers,
    cast(count(days_to_second) as double) / count(*) as repeat_share,
    cast({{ quantile('days_to_second', 0.5) }} as double) as median_days_to_second,
    {%- for days in [30, 60, 90] %}
    count(*) filter (where tenure_days >= {{ days }}) as customers_of_{{ days }}_days,
    cast(count(*) filter (where tenure_days >= {{ days }} and days_to_second <= {{ days }}) as double)
        / nullif(count(*) filter (where tenure_days >= {{ days }}), 0) as share_by_{{ days }}_days{{ ',' if not loop.last }}
    {%- endfor %}
from by_channel
group by channel
