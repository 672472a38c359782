-- what each customer had been and bought by the end of each quarter
with

by_quarter as (
    select
        customer_id,
        cast(date_trunc('quarter', business_date) as date) as period_start,
        sum(net_revenue) as net_revenue,
        sum(gross_revenue) filter (where is_conversion) as gross_revenue,
        bool_or(is_conversion and fulfilment_type = 'store') as bought_in_store,
        bool_or(is_conversion and fulfilment_type <> 'store') as bought_online
    from {{ ref('dated_revenue') }}
    where customer_id is not null
    group by 1, 2
),

channels_by_quarter as (
    select customer_id, cast(date_trunc('quarter', first_date) as date) as period_start, count(*) as new_channels
    from (
        select customer_id, channel, min(order_date) as first_date
        from {{ ref('customer_orders') }}
        where customer_id is not null and is_conversion and order_date <= {{ as_of_date() }}
        group by customer_id, channel
    ) as first_in_channel
    group by 1, 2
)

select
    periods.cadence,
    periods.period_start,
    by_quarter.customer_id,
    sum(by_quarter.net_revenue) as net_revenue,
    sum(case when by_quarter.period_start = periods.period_start then by_quarter.gross_revenue end) as gross_revenue,
    bool_or(by_quarter.bought_in_store) and bool_or(by_quarter.bought_online) as is_omnichannel,
    coalesce(sum(channels_by_quarter.new_channels), 0) as channel_count
from {{ ref('scorecard_periods') }} as periods
inner join by_quarter
    on by_quarter.period_start <= periods.period_start
left join channels_by_quarter
    on by_quarter.customer_id = channels_by_quarter.customer_id
    and by_quarter.period_start = channels_by_quarter.period_start
where periods.cadence = 'quarterly'
group by periods.cadence, periods.period_start, by_quarter.customer_id
