-- law: every customer whose first order and a purchase day are known stands in omnichannel once
{{ config(tags=['law']) }}
with

expected as (
    select count(distinct orders.customer_id) as customers
    from {{ ref('customer_orders') }} as orders
    inner join {{ ref('customer_purchase_days') }} as days
        on orders.customer_id = days.customer_id
        and days.is_purchase_day
    where orders.customer_order_number = 1 and orders.order_date <= {{ as_of_date() }}
),

found as (
    select coalesce(sum(customers), 0) as customers
    from {{ ref('omnichannel') }}
)

select expected.customers, found.customers as customers_found
from expected
cross join found
where expected.customers <> found.customers
