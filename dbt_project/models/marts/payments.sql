-- every payment, and every return of one, by tender; a redeemed gift card is one, and no discount
{{ config(materialized='view') }}
select channel, payment_id, order_id, paid_at, payment_kind, tender, currency, payment_amount, fee_amount
from {{ ref('order_payments') }}
