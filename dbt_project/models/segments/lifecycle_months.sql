-- the lifecycle stage of every profiled customer at the end of every month from the first purchase day to as_of_date.
-- silent and lost are told by the customer's own rhythm (days since the last purchase ÷ own mean interval) with a floor in
-- days; one-time buyers take the population's interval; thresholds are data/reference/lifecycle_thresholds.csv
with

thresholds as (
    select
        max(case when stage = 'new' then floor_days end) as new_days,
        max(case when stage = 'silent' then own_intervals end) as silent_intervals,
        max(case when stage = 'silent' then floor_days end) as silent_days,
        max(case when stage = 'lost' then own_intervals end) as lost_intervals,
        max(case when stage = 'lost' then floor_days end) as lost_days
    from {{ ref('lifecycle_thresholds') }}
),

bounds as (
    select coalesce(min(purchase_date), {{ as_of_date() }}) as first_date
    from {{ ref('purchase_rhythms') }}
),

months as (
    {{ month_spine('(select first_date from bounds)', as_of_date()) }}
),

month_ends as (
    select least({{ month_end('month_start') }}, {{ as_of_date() }}) as month_end
    from months
),

known as (
    select profiles.customer_id, {{ business_date('profiles.first_seen_at') }} as first_seen_date
    from {{ ref('customer_profiles') }} as profiles
    where {{ may_be_profiled('profiles') }}
),

latest as (
    select month_ends.month_end, rhythms.*
    from month_ends
    inner join {{ ref('purchase_rhythms') }} as rhythms
        on rhythms.purchase_date <= month_ends.month_end
        and (rhythms.next_date is null or rhythms.next_date > month_ends.month_end)
),

population as (
    select month_end, {{ quantile('own_interval_days', 0.5) }} as interval_days
    from latest
    where own_interval_days is not null
    group by month_end
),

measured as (
    select
        month_ends.month_end,
        known.customer_id,
        latest.purchase_date as last_purchase_date,
        latest.day_number as purchase_days,
        latest.first_date,
        {{ days_between('latest.purchase_date', 'month_ends.month_end') }} as days_since_purchase,
        {{ days_between('latest.first_date', 'month_ends.month_end') }} as days_since_first,
        coalesce(latest.own_interval_days, population.interval_days, 0) as interval_days,
        coalesce(latest.former_interval_days, population.interval_days, 0) as former_interval_days,
        latest.gap_days
    from month_ends
    cross join known
    left join latest
        on month_ends.month_end = latest.month_end
        and known.customer_id = latest.customer_id
    left join population
        on month_ends.month_end = population.month_end
    where latest.customer_id is not null
        or known.first_seen_date is null
        or known.first_seen_date <= month_ends.month_end
),

staged as (
    select
        measured.*,
        greatest(thresholds.silent_days, thresholds.silent_intervals * measured.interval_days) as silent_after_days,
        greatest(thresholds.lost_days, thresholds.lost_intervals * measured.interval_days) as lost_after_days,
        greatest(thresholds.lost_days, thresholds.lost_intervals * measured.former_interval_days) as was_lost_after_days,
        thresholds.new_days
    from measured
    cross join thresholds
)

select
    month_end,
    customer_id,
    case
        when last_purchase_date is null then 'prospect'
        when days_since_purchase > lost_after_days then 'lost'
        when days_since_purchase > silent_after_days then 'silent'
        when purchase_days > 1 and gap_days > was_lost_after_days then 'won_back'
        when days_since_first <= new_days then 'new'
        else 'active'
    end as stage,
    last_purchase_date,
    days_since_purchase,
    cast(purchase_days as bigint) as purchase_days,
    interval_days,
    silent_after_days,
    lost_after_days
from staged
