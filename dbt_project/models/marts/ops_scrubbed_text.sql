-- how many values that outsiders wrote held an e-mail address or a phone number, which staging replaced
with

scrubbed as (
    {{ scrubbed_values(ref('customer_touchpoints'), 'touchpoints', ['source', 'medium', 'campaign']) }}
    union all
    {{ scrubbed_values(ref('daily_spend'), 'spend', ['source', 'medium', 'campaign']) }}
    union all
    {{ scrubbed_values(ref('customer_order_lines'), 'order_lines', ['product_name', 'coupon_code']) }}
    union all
    {{ scrubbed_values(ref('channel_products'), 'products', ['product_name', 'brand', 'category']) }}
    union all
    {{ scrubbed_values(ref('channel_stores'), 'stores', ['store_name']) }}
)

select channel, table_name, column_name, scrubbed_values
from scrubbed
