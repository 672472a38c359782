-- a warning, not a refusal: metrics whose last complete period lies beyond the red limit
{{ config(severity='warn') }}
with

latest as (
    select cadence, max(period_start) as period_start
    from {{ ref('scorecard_values') }}
    where is_complete
    group by cadence
)

select scorecard.cadence, scorecard.metric, scorecard.period_start, scorecard.metric_value
from {{ ref('scorecard_values') }} as scorecard
inner join latest
    on scorecard.cadence = latest.cadence
    and scorecard.period_start = latest.period_start
where scorecard.status = 'red'
