-- law: marts.customers has one row for every customer_id in use, and no other
{{ config(tags=['law']) }}
with

known as (
    select distinct customer_id
    from {{ ref('customer_crosswalk') }}
)

select coalesce(known.customer_id, customers.customer_id) as customer_id, count(customers.customer_id) as row_count
from known
full outer join {{ ref('customers') }} as customers
    on known.customer_id = customers.customer_id
group by 1
having count(known.customer_id) <> 1 or count(customers.customer_id) <> 1
