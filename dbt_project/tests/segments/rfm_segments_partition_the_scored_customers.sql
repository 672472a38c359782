-- law: every scored customer stands in one segment, every segment's size adds up, and scores are 1 to 5
{{ config(tags=['law']) }}
with

scored as (
    select count(*) as customer_count, count(distinct customer_id) as distinct_count, count(segment) as segmented_count,
        coalesce(min(least(recency_score, frequency_score, monetary_score)), 1) as least_score,
        coalesce(max(greatest(recency_score, frequency_score, monetary_score)), 5) as best_score
    from {{ ref('customer_rfm') }}
),

segmented as (
    select coalesce(sum(customer_count), 0) as customer_count
    from {{ ref('rfm_segments') }}
)

select scored.customer_count, scored.distinct_count, scored.segmented_count, segmented.customer_count as in_segments
from scored
cross join segmented
where scored.customer_count <> scored.distinct_count
    or scored.customer_count <> scored.segmented_count
    or scored.customer_count <> segmented.customer_count
    or scored.least_score < 1
    or scored.best_score > 5
