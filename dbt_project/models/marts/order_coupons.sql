-- every code that an order used; count orders by code here, and money by code in promotion_effect
{{ config(materialized='view') }}
select channel, order_id, coupon_code, code_count
from {{ ref('coupons_of_orders') }}
