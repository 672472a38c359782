-- the traits of every customer, one under the other
{{ config(materialized='table') }}
{{ union_family('trait_', var('traits').keys() | list, 'trait', ['customer_id', 'text_value', 'number_value']) }}
