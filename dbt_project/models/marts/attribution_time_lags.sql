-- how many calendar days, by business date, lie between a path's first touch and its end: the conversion, or the last touch where there is none
select
    outcome,
    {{ days_between(business_date('first_touched_at'), 'path_date') }} as lag_days,
    count(*) as paths,
    cast(sum(gross_revenue) as decimal(18, 2)) as gross_revenue
from {{ ref('paths') }}
where outcome <> 'censored'
group by outcome, {{ days_between(business_date('first_touched_at'), 'path_date') }}
