-- lifecycle stages of every run's as_of_date, this run's included; rows of ids that no longer live say why.
-- Who denies profiling leaves the past, too
with

kept as (
    select as_of_date, customer_id, stage, last_purchase_date, days_since_purchase, purchase_days
    from {{ source('state', 'lifecycle_by_date') }}
    where as_of_date < {{ as_of_date() }}
    union all
    select as_of_date, customer_id, stage, last_purchase_date, days_since_purchase, purchase_days
    from {{ ref('lifecycle_by_date') }}
)

select
    kept.as_of_date,
    kept.customer_id,
    kept.stage,
    kept.last_purchase_date,
    kept.days_since_purchase,
    kept.purchase_days,
    closed.closed_reason,
    closed.successor_customer_id
from kept
left join {{ ref('closed_customer_ids') }} as closed
    on kept.customer_id = closed.customer_id
left join {{ ref('customer_consents') }} as consents
    on coalesce(closed.successor_customer_id, kept.customer_id) = consents.customer_id
where {{ may_be_profiled('consents', of_the_past=true) }}
