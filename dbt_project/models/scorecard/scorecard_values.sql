-- every metric of data/reference/scorecard_metrics.csv in every period: value, baseline (mean of the eight weeks or four
-- quarters before), trend (change against the baseline) and status against its limits
with

valued as (
    select
        metrics.metric,
        metrics.cadence,
        metrics.metric_group,
        metrics.title,
        metrics.numerator,
        metrics.denominator,
        metrics.unit,
        metrics.time_window,
        metrics.direction,
        metrics.target,
        metrics.red_limit,
        metrics.yellow_limit,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        numerators.measured_value as numerator_value,
        denominators.measured_value as denominator_value,
        case
            when metrics.denominator is null then numerators.measured_value
            else numerators.measured_value / nullif(denominators.measured_value, 0)
        end as metric_value
    from {{ ref('scorecard_metrics') }} as metrics
    inner join {{ ref('scorecard_periods') }} as periods
        on metrics.cadence = periods.cadence
    inner join {{ ref('scorecard_measures') }} as numerators
        on metrics.numerator = numerators.measure
        and periods.cadence = numerators.cadence
        and periods.period_start = numerators.period_start
    left join {{ ref('scorecard_measures') }} as denominators
        on metrics.denominator = denominators.measure
        and periods.cadence = denominators.cadence
        and periods.period_start = denominators.period_start
),

compared as (
    select
        *,
        avg(case when is_complete then metric_value end) over (
            partition by cadence, metric
            order by period_start
            rows between 8 preceding and 1 preceding
        ) as mean_of_eight,
        avg(case when is_complete then metric_value end) over (
            partition by cadence, metric
            order by period_start
            rows between 4 preceding and 1 preceding
        ) as mean_of_four
    from valued
),

based as (
    select
        *,
        case when cadence = 'weekly' then mean_of_eight else mean_of_four end as baseline
    from compared
)

select
    cadence,
    metric,
    metric_group,
    title,
    unit,
    time_window,
    direction,
    period_start,
    period_end,
    is_complete,
    numerator,
    denominator,
    numerator_value,
    denominator_value,
    metric_value,
    baseline,
    (metric_value - baseline) / nullif(abs(baseline), 0) as trend,
    cast(target as double) as target,
    cast(red_limit as double) as red_limit,
    cast(yellow_limit as double) as yellow_limit,
    case
        when metric_value is null then 'unknown'
        when red_limit is null then 'no limit'
        when direction = 'up' and metric_value < red_limit then 'red'
        when direction = 'up' and metric_value < yellow_limit then 'yellow'
        when direction = 'down' and metric_value > red_limit then 'red'
        when direction = 'down' and metric_value > yellow_limit then 'yellow'
        else 'green'
    end as status
from based
