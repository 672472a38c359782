-- the weeks and quarters from the first order to as_of_date; complete are those that the data cover from first day to last
with

days as (
    {{ date_spine(
        "(select least(coalesce(min(first_date), " ~ as_of_date() ~ "), " ~ as_of_date() ~ ") from " ~ ref('channel_first_dates') ~ ")",
        as_of_date()
    ) }}
),

by_cadence as (
    select 'weekly' as cadence, cast(date_trunc('week', date_day) as date) as period_start, date_day from days
    union all
    select 'quarterly' as cadence, cast(date_trunc('quarter', date_day) as date) as period_start, date_day from days
)

select
    cadence,
    period_start,
    max(date_day) as period_end,
    min(date_day) = period_start and case
        when cadence = 'weekly' then {{ add_days('period_start', 6) }} <= {{ as_of_date() }}
        else max(date_day) = {{ as_of_date() }} and {{ add_days(as_of_date(), 1) }} = date_trunc('quarter', {{ add_days(as_of_date(), 1) }})
            or date_trunc('quarter', {{ as_of_date() }}) > period_start
    end as is_complete
from by_cadence
group by cadence, period_start
