-- this run's RFM cut points, kept in state at publication
{{ config(tags=['history']) }}
select as_of_date, score_of, score, least_value, greatest_value, customer_count
from {{ ref('rfm_cut_points') }}
