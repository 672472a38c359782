-- every product of every channel
select channel, sku, product_code, product_name, brand, category, list_price
from {{ ref('channel_products') }}
