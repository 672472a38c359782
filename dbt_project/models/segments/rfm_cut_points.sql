-- the least and greatest value that each score stands for on as_of_date
{{ config(materialized='view') }}
with

scored as (
    select as_of_date, 'recency' as score_of, recency_score as score, cast(recency_days as decimal(18, 2)) as score_value from {{ ref('rfm_scores') }}
    union all
    select as_of_date, 'frequency' as score_of, frequency_score as score, cast(frequency as decimal(18, 2)) as score_value from {{ ref('rfm_scores') }}
    union all
    select as_of_date, 'monetary' as score_of, monetary_score as score, cast(monetary as decimal(18, 2)) as score_value from {{ ref('rfm_scores') }}
)

select
    as_of_date,
    score_of,
    score,
    min(score_value) as least_value,
    max(score_value) as greatest_value,
    count(*) as customer_count
from scored
group by as_of_date, score_of, score
