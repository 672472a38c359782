-- every store that a channel names
{{ config(materialized='view') }}
with

stores as (
    {{ union_shape('stores') }}
)

select channel, store_id, store_name, city, country
from stores
