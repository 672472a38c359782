-- what each run's scorecard said of its last period: figures as they were known on that day
select as_of_date, cadence, metric, period_start, value as metric_value
from {{ source('state', 'scorecard_by_date') }}
where as_of_date < {{ as_of_date() }}
union all
select as_of_date, cadence, metric, period_start, value as metric_value
from {{ ref('scorecard_by_date') }}
