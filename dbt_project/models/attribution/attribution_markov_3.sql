-- Markov removal effects of order 3, shared among each path's channels so that they add up; computed by cdp_assets/insight
{{ config(materialized='view') }}
select conversion_id, touch_id, credit
from {{ source('insight', 'attribution_credits_markov_3') }}
