-- every day from the first order, touch or spend, but for dates that stray, to as_of_date
with

first_days as (
    select channel, first_date from {{ ref('channel_first_dates') }}
    union all
    {{ first_dates_of(ref('customer_touchpoints'), 'touch_date') }}
    union all
    {{ first_dates_of(ref('daily_spend'), 'spend_date') }}
),

bounds as (
    select least(coalesce(min(first_date), {{ as_of_date() }}), {{ as_of_date() }}) as first_day
    from first_days
),

days as (
    {{ date_spine('(select first_day from bounds)', as_of_date()) }}
)

select
    date_day,
    cast(extract(year from date_day) as integer) as year_number,
    cast(extract(quarter from date_day) as integer) as quarter_number,
    cast(extract(month from date_day) as integer) as month_number,
    cast(extract(day from date_day) as integer) as day_number,
    cast({{ iso_weekday('date_day') }} as integer) as iso_weekday,
    {{ iso_week('date_day') }} as iso_week,
    cast(date_trunc('week', date_day) as date) as week_start,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast(date_trunc('quarter', date_day) as date) as quarter_start
from days
