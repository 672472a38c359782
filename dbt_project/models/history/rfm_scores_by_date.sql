-- this run's RFM scores, kept in state at publication
{{ config(tags=['history']) }}
select
    as_of_date, customer_id, last_purchase_date, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score,
    rfm_cell, segment, scheme_version
from {{ ref('rfm_scores') }}
