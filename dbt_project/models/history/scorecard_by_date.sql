-- this run's scorecard values of the last period of each cadence, kept in state at publication
{{ config(tags=['history']) }}
select {{ as_of_date() }} as as_of_date, cadence, metric, period_start, metric_value as value
from {{ ref('scorecard_values') }}
where period_end = {{ as_of_date() }}
