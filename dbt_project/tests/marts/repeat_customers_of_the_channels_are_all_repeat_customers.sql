-- law: the channels' customers and repeat customers add up to those of all, and shares lie between 0 and 1
{{ config(tags=['law']) }}
select *
from (
    select
        sum(case when channel = 'all' then customers else 0 end) as customers,
        sum(case when channel = 'all' then 0 else customers end) as customers_of_channels,
        sum(case when channel = 'all' then repeat_customers else 0 end) as repeat_customers,
        sum(case when channel = 'all' then 0 else repeat_customers end) as repeat_customers_of_channels,
        max(greatest(repeat_share, coalesce(share_by_30_days, 0), coalesce(share_by_90_days, 0))) as greatest_share
    from {{ ref('repeat_purchase') }}
) as summed
where customers <> customers_of_channels or repeat_customers <> repeat_customers_of_channels or greatest_share > 1
