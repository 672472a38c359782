-- for each golden value the record it comes from and the rule that chose it; never the value
{{ config(materialized='view') }}
select
    customer_id,
    attribute,
    record_key,
    channel,
    source_customer_id,
    rule,
    record_count,
    value_count
from {{ ref('golden_values') }}
