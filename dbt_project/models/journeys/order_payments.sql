-- every payment of every channel that delivers them, and every return of one
{{ config(materialized='view') }}
{{ union_shape('payments') }}
