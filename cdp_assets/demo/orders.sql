{#
holes:
  keep: 0.5
  numbers: when 'shopify' then 1
  refunded: 0.05
  opens: 9
  seconds_open: 3600
#}
create or replace temp table orders as
with bought as (
    select candidates.*
    from candidates
    left join chances using (candidate)
    where luck < if(channel = 'shopify', chances.chance, {{ keep }})
),
kept as (
    select * from bought
    qualify not is_one_time or row_number() over (partition by person_no order by at_utc, candidate) = 1
),
summed as (
    select basket_id, sum(quantity * unit_price) as gross, sum(discount) as discount
    from real_lines
    where basket_id in (select basket_id from kept)
    group by basket_id
)
select
    candidate,
    channel,
    (case channel {{ numbers }} else 0 end + row_number()
        over (partition by channel order by at_utc, candidate))::bigint
        as order_no,
    person_no,
    basket_id,
    at_utc,
    eastern(at_utc) as local_at,
    gross::decimal(18, 2) as gross,
    discount::decimal(18, 2) as discount,
    (gross - discount)::decimal(18, 2) as net,
    case
        when u('refunded', candidate) >= {{ refunded }} or gross <= discount then 0
        when u('refunded in part', candidate) < 0.5 then 0.5
        else 1
    end as refund_share,
    case
        when refund_share = 0 then null
        when local_at::date > date '2017-12-30' then timestamp '2017-12-31 21:59:59'
        else least(local_at::date + 1 + pick('refund day', candidate, 20)::int, date '2017-12-31')
            + to_seconds({{ opens }} * 3600 + pick('refund time', candidate, {{ seconds_open }}))
        end as refunded_at
from kept
join summed using (basket_id)
order by channel, order_no
