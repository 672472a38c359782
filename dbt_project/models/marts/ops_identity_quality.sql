-- measures of this run's identity resolution
select as_of_date, metric, dimension, value as metric_value
from {{ source('identity', 'quality') }}
