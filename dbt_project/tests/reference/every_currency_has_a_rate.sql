-- money of a currency without a rate for its day cannot be added up: add the currency to data/reference/fx_rates.csv
with

priced as (
    select 'orders' as found_in, channel, currency, order_date as business_date
    from (
        {{ union_shape('orders') }}
    ) as orders
    union all
    select 'spend' as found_in, channel, currency, spend_date as business_date
    from (
        {{ union_shape('spend') }}
    ) as spend
)

select priced.found_in, priced.channel, priced.currency, min(priced.business_date) as first_date, count(*) as row_count
from priced
left join {{ ref('reporting_rates') }} as rates
    on priced.currency = rates.currency
    and priced.business_date >= rates.valid_from
    and priced.business_date < rates.valid_until
where rates.rate is null
group by priced.found_in, priced.channel, priced.currency
