-- every store of every channel
select channel, store_id, store_name, city, country
from {{ ref('channel_stores') }}
