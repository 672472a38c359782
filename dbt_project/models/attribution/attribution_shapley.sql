-- Shapley values in the set form of Zhao et al. 2018, normalised within each path; computed by cdp_assets/insight
{{ config(materialized='view') }}
select conversion_id, touch_id, credit
from {{ source('insight', 'attribution_credits_shapley') }}
