-- how many touches paths have, and how many of each length convert
select
    path_length,
    count(*) filter (where outcome = 'converted') as conversions,
    count(*) filter (where outcome = 'null') as null_paths,
    count(*) filter (where outcome = 'censored') as censored_paths,
    cast(count(*) filter (where outcome = 'converted') as double)
        / nullif(count(*) filter (where outcome <> 'censored'), 0) as conversion_rate,
    cast(coalesce(sum(gross_revenue) filter (where outcome = 'converted'), 0) as decimal(18, 2)) as gross_revenue
from {{ ref('paths') }}
group by path_length
