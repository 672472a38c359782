{#
holes:
  gap: 86400
#}
create or replace temp table touches as
with bought as (
    select candidate, order_no from orders where channel = 'shopify'
),
only_orders as (
    select person_no, min(at_utc) as at_utc from orders join persons using (person_no)
        where is_one_time group by person_no
),
timed as (
    select
        journey || '.' || step as touch,
        journey,
        person_no,
        marketing_channel,
        step,
        bought.order_no,
        max(step) over (partition by journey) as last_step,
        ends_at,
        if(step = last_step, 120 + pick('visit', touch, 900),
            3600 + floor(-ln(1 - u('gap', touch)) * {{ gap }})) as seconds
    from steps
    join planned using (journey)
    left join bought using (candidate)
    left join only_orders using (person_no)
    where only_orders.at_utc is null or ends_at <= only_orders.at_utc
),
placed as (
    select
        *,
        date_trunc('second', ends_at - to_seconds(sum(seconds) over (
            partition by journey order by step desc rows between unbounded preceding
                and current row))) as wished_at
    from timed
)
select
    touch,
    journey,
    person_no,
    placed.marketing_channel,
    source,
    medium,
    campaigns.campaign,
    if(wished_at >= timestamp '2017-01-01 05:00:00', wished_at,
        timestamp '2017-01-01 05:00:00' + to_seconds(step * 1800 + pick('new year', touch, 1500))) as at_utc,
    if(step = last_step, order_no, null) as order_no
from placed
join lifts using (marketing_channel)
left join campaigns on campaigns.marketing_channel = placed.marketing_channel
    and u('campaign', touch) >= campaigns.low and u('campaign', touch) < campaigns.high
where wished_at < timestamp '2018-01-01 05:00:00'
order by at_utc, touch
