-- size, revenue and share of every RFM segment
with

segments as (
    select
        as_of_date,
        segment,
        count(*) as customer_count,
        sum(monetary) as net_revenue,
        avg(recency_days) as mean_recency_days,
        avg(frequency) as mean_frequency
    from {{ ref('rfm_scores') }}
    group by as_of_date, segment
)

select
    as_of_date,
    segment,
    customer_count,
    cast(customer_count as double) / sum(customer_count) over () as customer_share,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    cast(net_revenue as double) / nullif(cast(sum(net_revenue) over () as double), 0) as net_revenue_share,
    {{ divided_money('net_revenue', 'customer_count') }} as mean_net_revenue,
    mean_recency_days,
    mean_frequency
from segments
