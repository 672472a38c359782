-- law: where the channel delivers payments, those of an order that is paid are its total; a difference warns, because an order that was changed after
-- it was paid has one
{{ config(tags=['law'], severity='warn', meta={'remedy': 'compare these orders with the shop: lines removed after payment, or an amount that no column of the export names'}) }}
select channel, order_status, count(*) as order_count, min(order_date) as first_date, sum(paid_amount - total_amount) as difference
from {{ ref('orders') }}
where is_sale
    and coalesce(parked_reason, '') not in ('no_lines', 'lines_differ')
    and order_status in ('paid', 'completed', 'complete', 'shipped', 'refunded', 'partially_refunded')
    and paid_amount is not null
    and abs(paid_amount - total_amount) > 0.02
group by channel, order_status
