-- which customer each customer record of each channel is
{{ config(materialized='view') }}
select
    record_key,
    channel,
    source_customer_id,
    record_kind,
    contact_role,
    customer_id,
    confidence
from {{ source('identity', 'customer_ids') }}
