-- log-ins seen and cards scanned: one channel's record that names another channel's
with

links as (
    {{ union_shape('links') }}
)

select
    channel,
    source_customer_id,
    linked_channel,
    linked_customer_id,
    min(linked_at) as linked_at
from links
where source_customer_id is not null and linked_customer_id is not null
group by channel, source_customer_id, linked_channel, linked_customer_id
