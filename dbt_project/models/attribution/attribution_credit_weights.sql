-- the credits of every attribution model on the list, one under the other
{{ config(materialized='view') }}
{{ union_family('attribution_', var('attribution_models'), 'attribution_model', ['conversion_id', 'touch_id', 'credit']) }}
