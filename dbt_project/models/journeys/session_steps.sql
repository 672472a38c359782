-- how far sessions came on the way to an order, of every channel that tells
{{ config(materialized='view') }}
with

steps as (
    {{ union_shape('session_steps') }}
)

select channel, touchpoint_id, step, reached_at
from steps
