-- a warning, not a refusal: metrics whose last complete period lies beyond the red limit; those that are known as of the run
-- alone stand on the last period, complete or not
{{ config(severity='warn', tags=['law']) }}
with

latest as (
    select cadence, metric, max(period_start) as period_start
    from {{ ref('scorecard_values') }}
    where is_complete or time_window like 'as of the run%'
    group by cadence, metric
)

select scorecard.cadence, scorecard.metric, scorecard.period_start, scorecard.metric_value
from {{ ref('scorecard_values') }} as scorecard
inner join latest
    on scorecard.cadence = latest.cadence
    and scorecard.metric = latest.metric
    and scorecard.period_start = latest.period_start
where scorecard.status = 'red'
