-- Markov removal effects of order 2, normalised within each path; computed by cdp_assets/insight
{{ config(materialized='view') }}
select conversion_id, touch_id, credit
from {{ source('insight', 'attribution_credits_markov_2') }}
