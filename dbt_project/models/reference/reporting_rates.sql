-- what one unit of each currency is worth in the reporting currency, from a date until the next rate: of delivered daily rates from the
-- first day on which they have the currency, before that of the retailer's own list. Both may be in any currency; each is crossed in one day's rates
with

listed_rates as (
    select
        currency,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by currency order by valid_from),
            cast('9999-12-31' as date)
        ) as valid_until,
        usd_per_unit
    from {{ ref('fx_rates') }}
),

listed_reporting as (
    select valid_from, valid_until, usd_per_unit
    from listed_rates
    where currency = '{{ var("reporting_currency") }}'
),

listed as (
    select
        rates.currency,
        greatest(rates.valid_from, reporting.valid_from) as valid_from,
        least(rates.valid_until, reporting.valid_until) as valid_until,
        cast(rates.usd_per_unit as double) / cast(reporting.usd_per_unit as double) as rate
    from listed_rates as rates
    inner join listed_reporting as reporting
        on rates.valid_from < reporting.valid_until
        and reporting.valid_from < rates.valid_until
    where rates.currency <> '{{ var("reporting_currency") }}'
),

delivered_rates as (
    {{ union_shape('rates') }}
),

with_base as (
    select channel, rate_date, base_currency, currency, rate
    from delivered_rates
    union all
    select distinct channel, rate_date, base_currency, base_currency as currency, cast(1 as double) as rate
    from delivered_rates
),

-- of two channels that give a currency's rate of a day, the first by name
delivered as (
    select
        rates.currency,
        rates.rate_date as valid_from,
        rates.rate / reporting.rate as rate
    from with_base as rates
    inner join with_base as reporting
        on rates.channel = reporting.channel
        and rates.rate_date = reporting.rate_date
        and rates.base_currency = reporting.base_currency
    where reporting.currency = '{{ var("reporting_currency") }}'
        and rates.currency <> '{{ var("reporting_currency") }}'
    qualify row_number() over (partition by rates.currency, rates.rate_date order by rates.channel) = 1
),

first_delivered as (
    select currency, min(valid_from) as valid_from
    from delivered
    group by currency
)

-- the reporting currency is worth itself on any day
select
    '{{ var("reporting_currency") }}' as currency,
    cast('0001-01-01' as date) as valid_from,
    cast('9999-12-31' as date) as valid_until,
    cast(1 as double) as rate
union all
select
    listed.currency,
    listed.valid_from,
    least(listed.valid_until, coalesce(first_delivered.valid_from, listed.valid_until)) as valid_until,
    listed.rate
from listed
left join first_delivered
    on listed.currency = first_delivered.currency
where first_delivered.valid_from is null or listed.valid_from < first_delivered.valid_from
union all
select
    currency,
    valid_from,
    coalesce(lead(valid_from) over (partition by currency order by valid_from), cast('9999-12-31' as date)) as valid_until,
    rate
from delivered
