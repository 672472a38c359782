-- the file has a column per currency: units for one euro, nothing on days without a rate and for currencies that have ended
{%- set currencies = [
    'USD', 'JPY', 'BGN', 'CYP', 'CZK', 'DKK', 'EEK', 'GBP', 'HUF', 'LTL', 'LVL', 'MTL',
    'PLN', 'ROL', 'RON', 'SEK', 'SIT', 'SKK', 'CHF', 'ISK', 'NOK', 'HRK', 'RUB', 'TRL',
    'TRY', 'AUD', 'BRL', 'CAD', 'CNY', 'HKD', 'IDR', 'ILS', 'INR', 'KRW', 'MXN', 'MYR',
    'NZD', 'PHP', 'SGD', 'THB', 'ZAR',
] %}
with

source as (
    select * from {{ landed('ecb', 'reference_rates') }} as rows
),

per_euro as (
    {%- for currency in currencies %}
    select rate_date, '{{ currency }}' as currency, per_euro_{{ currency | lower }} as units
    from source
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

renamed as (
    select
        ---------- ids
        'ecb' as channel,

        ---------- times
        rate_date,

        ---------- money
        currency,
        'EUR' as base_currency,
        1 / cast(units as double) as rate
    from per_euro
    where units > 0
)

select * from {{ in_shape('renamed', 'rates') }} as shaped
