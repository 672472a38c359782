-- every refund, and every return document as the refund that it is (already a negative order: do not subtract it twice)
{{ config(materialized='view') }}
select
    channel,
    refund_id,
    order_id,
    customer_id,
    is_linked,
    is_return_document,
    refunded_at,
    refund_date,
    restated_date,
    sku,
    quantity,
    currency,
    amount,
    goods_amount,
    tax_amount,
    parked_reason,
    refund_revenue
from {{ ref('customer_refunds') }}
