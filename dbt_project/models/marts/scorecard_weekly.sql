-- the weekly scorecard: every metric in every period, with baseline, trend and status
select
    metric,
    metric_group,
    title,
    unit,
    time_window,
    direction,
    period_start,
    period_end,
    is_complete,
    numerator_value,
    denominator_value,
    metric_value,
    baseline,
    trend,
    target,
    status
from {{ ref('scorecard_values') }}
where cadence = 'weekly'
