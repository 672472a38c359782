-- from all conversions to the credited ones: each stands once, under the first reason that explains why no touch is credited with it
with

conversions as (
    select
        conversions.conversion_id,
        conversions.channel,
        conversions.gross_revenue,
        conversions.net_revenue,
        case
            when conversions.is_erased then 'erased'
            when paths.conversion_id is not null then 'credited'
            when conversions.customer_id is not null and not conversions.is_profiled then 'consent'
            when conversions.channel in ('{{ var("marketplaces") | join("', '") }}') then 'marketplace'
            when orders.fulfilment_type = 'store' then 'store'
            when conversions.customer_id is null then 'no_identity'
            else 'no_touch_in_window'
        end as reason
    from {{ ref('conversions') }} as conversions
    inner join {{ ref('customer_orders') }} as orders
        on conversions.channel = orders.channel
        and conversions.order_id = orders.order_id
    left join {{ ref('paths') }} as paths
        on conversions.conversion_id = paths.conversion_id
)

select
    channel,
    reason,
    count(*) as conversions,
    cast(count(*) as double) / sum(count(*)) over (partition by channel) as conversion_share,
    cast(sum(gross_revenue) as decimal(18, 2)) as gross_revenue,
    cast(sum(net_revenue) as decimal(18, 2)) as net_revenue
from conversions
group by channel, reason
