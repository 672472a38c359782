-- where customers first bought, and in which other sales channels since; what they brought in their first 90 and 180 days, of those who have
-- been customers for so long: customers of equal tenure are compared, not old ones with young
with

orders as (
    select customer_id, channel, store_id, order_date, customer_order_number
    from {{ ref('customer_orders') }}
    where is_conversion and customer_id is not null and order_date <= {{ as_of_date() }}
),

first_days as (
    select customer_id, min(purchase_date) as first_date
    from {{ ref('customer_purchase_days') }}
    where is_purchase_day
    group by customer_id
),

firsts as (
    select first_days.customer_id, first_days.first_date, orders.channel as first_channel, coalesce(orders.store_id, '(none)') as first_store_id
    from first_days
    inner join orders
        on first_days.customer_id = orders.customer_id
        and orders.customer_order_number = 1
),

later as (
    select distinct orders.customer_id, orders.channel
    from orders
    inner join firsts
        on orders.customer_id = firsts.customer_id
        and orders.channel <> firsts.first_channel
),

later_texts as (
    select customer_id, {{ joined_text('channel', ' + ') }} as later_channels
    from later
    group by customer_id
),

valued as (
    select
        firsts.customer_id,
        firsts.first_channel,
        firsts.first_store_id,
        coalesce(later_texts.later_channels, '(none)') as later_channels,
        {{ days_between('firsts.first_date', as_of_date()) }} as tenure_days,
        {%- for days in [90, 180] %}
        coalesce(sum(case when {{ days_between('firsts.first_date', 'days.purchase_date') }} < {{ days }} then days.net_amount end), 0) as net_revenue_{{ days }}{{ ',' if not loop.last }}
        {%- endfor %}
    from firsts
    left join later_texts
        on firsts.customer_id = later_texts.customer_id
    left join {{ ref('customer_purchase_days') }} as days
        on firsts.customer_id = days.customer_id
        and days.purchase_date >= firsts.first_date
    group by firsts.customer_id, firsts.first_channel, firsts.first_store_id, later_texts.later_channels, firsts.first_date
)

select
    first_channel,
    first_store_id,
    later_channels,
    count(*) as customers,
    {%- for days in [90, 180] %}
    count(*) filter (where tenure_days >= {{ days }}) as customers_of_{{ days }}_days,
    cast(sum(case when tenure_days >= {{ days }} then net_revenue_{{ days }} end) as double)
        / nullif(count(*) filter (where tenure_days >= {{ days }}), 0) as net_revenue_per_customer_{{ days }}_days{{ ',' if not loop.last }}
    {%- endfor %}
from valued
group by first_channel, first_store_id, later_channels
