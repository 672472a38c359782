-- what counts as net revenue, on its own day: orders, which linked refunds have restated, less what was given back of no known order
{{ config(materialized='view') }}
select order_date as business_date, customer_id, net_revenue, gross_revenue, is_conversion, fulfilment_type
from {{ ref('customer_orders') }}
where order_date <= {{ as_of_date() }}
union all
select refund_date as business_date, customer_id, -refund_revenue as net_revenue, 0 as gross_revenue, false as is_conversion, 'none' as fulfilment_type
from {{ ref('customer_refunds') }}
where {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
