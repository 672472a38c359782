-- RFM as it would have been at the end of every month before the first run that recorded it: a model over the orders that are known
-- now, by today's ids and today's scheme, never kept in state; what retention ended is not inferred again
{% set months %}
(
    select {{ month_end('months.month_start') }} as as_of_date
    from (
        {{ month_spine('(select coalesce(min(purchase_date), ' ~ as_of_date() ~ ') from ' ~ ref('customer_purchase_days') ~ ')', as_of_date()) }}
    ) as months
    cross join (
        select min(as_of_date) as first_recorded_date
        from {{ source('state', 'rfm_scores_by_date') }}
        where as_of_date < {{ as_of_date() }}
    ) as recorded
    where {{ month_end('months.month_start') }} < coalesce(recorded.first_recorded_date, {{ as_of_date() }})
        and {{ month_end('months.month_start') }} >= {{ add_days(as_of_date(), '-' ~ var('rfm_inferred_days')) }}
)
{% endset %}
{{ rfm_scores_at(months) }}
