-- Shapley values in the set form of Zhao et al. 2018, equal parts for the distinct channels of each path; computed by cdp_assets/insight
{{ config(materialized='view') }}
select conversion_id, touch_id, credit
from {{ source('insight', 'attribution_credits_shapley') }}
