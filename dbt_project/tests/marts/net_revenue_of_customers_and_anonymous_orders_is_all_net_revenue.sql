-- law: nothing is lost between orders and customers: customers' net + anonymous net = all net, up to as_of_date
{{ config(tags=['law']) }}
with

totals as (
    select
        (select coalesce(sum(net_revenue), 0) from {{ ref('customers') }}) as of_customers,
        (select coalesce(sum(net_revenue), 0) from {{ ref('orders') }} where is_anonymous and order_date <= {{ as_of_date() }}) as of_anonymous_orders,
        (
            select coalesce(sum(refund_revenue), 0) from {{ ref('refunds') }}
            where customer_id is null and {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
        ) as of_anonymous_refunds,
        (select coalesce(sum(net_revenue), 0) from {{ ref('orders') }} where order_date <= {{ as_of_date() }}) as of_orders,
        (
            select coalesce(sum(refund_revenue), 0) from {{ ref('refunds') }}
            where {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
        ) as of_unlinked_refunds
)

select *
from totals
where of_customers + of_anonymous_orders - of_anonymous_refunds <> of_orders - of_unlinked_refunds
