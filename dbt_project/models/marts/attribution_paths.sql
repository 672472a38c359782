-- paths of one sequence of marketing channels together: how many converted, how many did not, how many are still open
select
    path_text as path,
    path_length,
    count(*) filter (where outcome = 'converted') as conversions,
    count(*) filter (where outcome = 'null') as null_paths,
    count(*) filter (where outcome = 'censored') as censored_paths,
    cast(coalesce(sum(gross_revenue) filter (where outcome = 'converted'), 0) as decimal(18, 2)) as gross_revenue,
    cast(coalesce(sum(net_revenue) filter (where outcome = 'converted'), 0) as decimal(18, 2)) as net_revenue
from {{ ref('paths') }}
group by path_text, path_length
