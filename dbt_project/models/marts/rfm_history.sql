-- RFM of every run's as_of_date, this run's included, and before the first of them inferred month by month from the orders; rows of ids
-- that no longer live say why and who answers for them. Who denies profiling leaves the past, too
with

kept as (
    select
        as_of_date, customer_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score, rfm_cell, segment,
        coalesce(scheme_version, '1') as scheme_version, false as is_inferred
    from {{ source('state', 'rfm_scores_by_date') }}
    where as_of_date < {{ as_of_date() }}
    union all
    select
        as_of_date, customer_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score, rfm_cell, segment,
        scheme_version, false as is_inferred
    from {{ ref('rfm_scores_by_date') }}
    union all
    select
        as_of_date, customer_id, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score, rfm_cell, segment,
        scheme_version, true as is_inferred
    from {{ ref('rfm_inferred_months') }}
)

select
    kept.as_of_date,
    kept.customer_id,
    kept.recency_days,
    kept.frequency,
    kept.monetary,
    kept.recency_score,
    kept.frequency_score,
    kept.monetary_score,
    kept.rfm_cell,
    kept.segment,
    kept.scheme_version,
    kept.is_inferred,
    closed.closed_reason,
    closed.successor_customer_id
from kept
left join {{ ref('closed_customer_ids') }} as closed
    on kept.customer_id = closed.customer_id
left join {{ ref('customer_consents') }} as consents
    on coalesce(closed.successor_customer_id, kept.customer_id) = consents.customer_id
where {{ may_be_profiled('consents', of_the_past=true) }}
