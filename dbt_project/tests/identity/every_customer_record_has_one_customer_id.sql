-- law: a customer record has one customer_id at a time, and no customer_id is without a record
{{ config(tags=['law']) }}
with

counted as (
    select
        coalesce(records.channel, customer_ids.channel) as channel,
        coalesce(records.source_customer_id, customer_ids.source_customer_id) as source_customer_id,
        count(distinct records.source_customer_id) as record_count,
        count(customer_ids.customer_id) as customer_id_count
    from {{ ref('customer_records') }} as records
    full outer join {{ source('identity', 'customer_ids') }} as customer_ids
        on records.channel = customer_ids.channel
        and records.source_customer_id = customer_ids.source_customer_id
    group by 1, 2
)

select channel, source_customer_id, record_count, customer_id_count
from counted
where record_count <> 1 or customer_id_count <> 1
