-- Shapley values over coalitions of marketing channels on the order-1 chain, shared among each path's channels so that they add up; computed by cdp_assets/insight
{{ config(materialized='view') }}
select conversion_id, touch_id, credit
from {{ source('insight', 'attribution_credits_markov_shapley') }}
