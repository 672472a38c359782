-- the cut points of every run's as_of_date, this run's included
select as_of_date, score_of, score, least_value, greatest_value, customer_count
from {{ source('state', 'rfm_cut_points_by_date') }}
where as_of_date < {{ as_of_date() }}
union all
select as_of_date, score_of, score, least_value, greatest_value, customer_count
from {{ ref('rfm_cut_points_by_date') }}
