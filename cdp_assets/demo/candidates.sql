{#
holes:
  channel_choice: select household_no, basket_id from baskets
  total: 1000
  cumulative: when luck_channel < 0.5 then 'square'
  first_channel: shopify
  thin: 1
  hours_to_opening: hour(at_utc)
#}
create or replace temp table candidates as
with tastes as ({{ channel_choice }}),
lived as (
    select
        homes.household_no,
        homes.size,
        if(homes.household_no < real_households, homes.household_no,
            pick('lives as', homes.household_no, real_households)) as source,
        if(homes.household_no < real_households, 0, 1 + pick('shift', homes.household_no, 364)) as days
    from homes, (select max(source) + 1 as real_households from real_baskets)
),
handed as (
    select
        lived.household_no || '-' || basket_id as candidate,
        basket_id,
        household_no,
        least(floor(pow(u('buyer', candidate), 1.4) * size)::int, size - 1) as role,
        at_utc + to_days(days::int) as shifted,
        if(shifted < timestamp '2018-01-01 05:00:00', shifted, shifted - to_days(365)) as wrapped,
        -- the till writes no offset: nobody buys in the hour that the clocks repeat
        if(wrapped between timestamp '2017-11-05 04:00:00' and timestamp '2017-11-05 07:00:00',
            wrapped + to_hours(4), wrapped) as at_utc
    from lived
    join real_baskets using (source)
),
chosen as (
    select
        candidate,
        basket_id,
        person_no,
        u('channel', candidate) as luck_channel,
        {{ total }} as total,
        case {{ cumulative }} else '{{ first_channel }}' end as channel,
        handed.at_utc,
        u('bought', candidate) as luck,
        is_one_time
    from handed
    join tastes using (household_no, role)
    where eastern(handed.at_utc)::date between entry_date and exit_date - 1
        and pick('thin', candidate, {{ thin }}) = 0
)
select
    * exclude (luck_channel, total) replace (
        if(channel = 'square', at_utc + to_hours({{ hours_to_opening }}), at_utc)
            as at_utc
    )
from chosen
