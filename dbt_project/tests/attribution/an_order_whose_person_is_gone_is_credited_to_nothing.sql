-- law: under every model, an order whose person asked to be forgotten stands once, unattributed, and in the waterfall as erased
{{ config(tags=['law']) }}
with

erased as (
    select conversion_id, channel, gross_revenue
    from {{ ref('orders') }}
    where is_erased and is_conversion and order_date <= {{ as_of_date() }}
),

credited as (
    select credits.conversion_id
    from {{ ref('credited_conversions') }} as credits
    inner join erased
        on credits.conversion_id = erased.conversion_id
    where credits.marketing_channel <> 'unattributed'
        or credits.customer_id is not null
),

fallen as (
    select channel, gross_revenue
    from {{ ref('attribution_waterfall') }}
    where reason = 'erased'
),

expected as (
    select channel, sum(gross_revenue) as gross_revenue
    from erased
    group by channel
)

select 'credited' as wrong, conversion_id as place
from credited
union all
select 'waterfall' as wrong, coalesce(fallen.channel, expected.channel) as place
from fallen
full outer join expected
    on fallen.channel = expected.channel
where fallen.gross_revenue is distinct from expected.gross_revenue
