-- what one unit of each currency is worth in the reporting currency, from a date until the next rate
with

rates as (
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

reporting as (
    select valid_from, valid_until, usd_per_unit
    from rates
    where currency = '{{ var("reporting_currency") }}'
)

select
    rates.currency,
    greatest(rates.valid_from, reporting.valid_from) as valid_from,
    least(rates.valid_until, reporting.valid_until) as valid_until,
    case
        when rates.currency = '{{ var("reporting_currency") }}' then cast(1 as double)
        else cast(rates.usd_per_unit as double) / cast(reporting.usd_per_unit as double)
    end as rate
from rates
inner join reporting
    on rates.valid_from < reporting.valid_until
    and reporting.valid_from < rates.valid_until
